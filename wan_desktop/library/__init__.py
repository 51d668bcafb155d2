"""SQLite and the library folder: jobs, clips, images, thumbnails."""
