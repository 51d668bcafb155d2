"""What the demo model is: sizes of its three networks, its defaults and its limits.

The layout follows Wan2.2-TI2V-5B (48 latent channels, VAE stride 4x16x16 with pixel patches of 2, transformer
patches of 1x2x2); only widths and depths are smaller.
"""

from __future__ import annotations

LATENT_CHANNELS = 48
TEXT_LENGTH = 512  # tokens the transformer attends to, zero-padded, as in Wan
TEXT_DIM = 192

VAE: dict[str, object] = {
    "base_dim": 16,
    "decoder_base_dim": 24,
    "z_dim": LATENT_CHANNELS,
    "dim_mult": [1, 2, 4, 4],
    "num_res_blocks": 1,
    "attn_scales": [],
    "temperal_downsample": [False, True, True],
    "is_residual": True,
    "in_channels": 12,
    "out_channels": 12,
    "patch_size": 2,
    "scale_factor_temporal": 4,
    "scale_factor_spatial": 16,
}
TRANSFORMER: dict[str, object] = {
    "patch_size": (1, 2, 2),
    "num_attention_heads": 4,
    "attention_head_dim": 64,
    "in_channels": LATENT_CHANNELS,
    "out_channels": LATENT_CHANNELS,
    "text_dim": TEXT_DIM,
    "freq_dim": 256,
    "ffn_dim": 768,
    "num_layers": 6,
    "cross_attn_norm": True,
    "qk_norm": "rms_norm_across_heads",
    "rope_max_seq_len": 1024,
}
TEXT_ENCODER: dict[str, object] = {
    "d_model": TEXT_DIM,
    "d_kv": 32,
    "d_ff": 384,
    "num_heads": 6,
    "num_layers": 2,
    "relative_attention_num_buckets": 32,
    "feed_forward_proj": "gated-gelu",
    "dropout_rate": 0.0,
    "pad_token_id": 0,
    "eos_token_id": 1,
    "decoder_start_token_id": 0,
}
SCHEDULER: dict[str, object] = {
    "num_train_timesteps": 1000,
    "prediction_type": "sample",
    "use_flow_sigmas": True,
    "flow_shift": 5.0,
    "solver_order": 2,
    "solver_type": "bh2",
    "final_sigmas_type": "zero",
}

WIDTH, HEIGHT, FRAMES, FPS = 256, 160, 25, 12
STEPS, GUIDANCE, FLOW_SHIFT = 20, 5.0, 5.0
SIZES = [
    {"label": "16:10", "width": 256, "height": 160},
    {"label": "10:16", "width": 160, "height": 256},
    {"label": "1:1", "width": 192, "height": 192},
    {"label": "5:3", "width": 320, "height": 192},
]
LIMITS = {"min_side": 96, "max_side": 320, "max_pixels": 65536, "max_frames": 49}

# Wan2.2's default negative prompt (sample_neg_prompt of its shared configuration, Apache-2.0).
NEGATIVE_PROMPT = (
    "色调艳丽，过曝，静态，细节模糊不清，字幕，风格，作品，画作，画面，静止，整体发灰，最差质量，低质量，"
    "JPEG压缩残留，丑陋的，残缺的，多余的手指，画得不好的手部，画得不好的脸部，畸形的，毁容的，"
    "形态畸形的肢体，手指融合，静止不动的画面，杂乱的背景，三条腿，背景人很多，倒着走"
)
