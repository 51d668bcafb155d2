"""Twenty prompts within the built-in model's vocabulary: what deviations of quicker ways are measured on."""

PROMPTS = (
    "a red ball moving right over a blue background",
    "a yellow star spinning in the night sky",
    "a small green triangle moving left over a white background",
    "a pink heart growing over a black gradient",
    "a white moon moving up and right over green hills",
    "a large orange ring standing still over the sea, the camera zooms in",
    "a blue cross quickly bouncing up and down over a yellow background",
    "a purple square moving in a circle over a cyan background",
    "a black ball moving down in a cloudy sky",
    "a cyan triangle moving up at sunset",
    "a large red star shrinking over a green background",
    "a green heart moving right in the night sky, the camera pans left",
    "an orange moon moving left over the sea",
    "a white cross spinning over a red gradient",
    "a small blue square bouncing up and down over green hills",
    "a pink ring moving down over a purple background",
    "a yellow ball growing at sunset, the camera zooms out",
    "a purple star moving up over an orange background",
    "a black triangle moving in a circle over a pink background",
    "a cyan heart standing still in a cloudy sky",
)
