"""The command line: arguments in, words out; what is done lies in `app`. One file a command or group of commands."""
