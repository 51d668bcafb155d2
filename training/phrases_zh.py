"""How things are called in Chinese: for each value its wordings, the usual one first.

Spaces part the units, which are the words that the tokenizer knows; sentences go without them.
"""

from __future__ import annotations

from training.phrases import forms

COLOUR_WORDS: dict[str, tuple[str, ...]] = {  # the last one is short: it stands right before a noun
    "red": forms("红色 | 鲜红色 | 红"),
    "orange": forms("橙色 | 橘色 | 橘黄色 | 橙"),
    "yellow": forms("黄色 | 金黄色 | 黄"),
    "green": forms("绿色 | 绿"),
    "cyan": forms("青色 | 青绿色 | 青"),
    "blue": forms("蓝色 | 蓝"),
    "purple": forms("紫色 | 紫"),
    "pink": forms("粉色 | 粉红色 | 玫红色 | 粉"),
    "white": forms("白色 | 白"),
    "black": forms("黑色 | 黑"),
}
KIND_WORDS: dict[str, tuple[str, ...]] = {
    "ball": forms("球 | 圆球 | 圆形 | 球体"),
    "square": forms("方块 | 正方形 | 方形"),
    "triangle": forms("三角形 | 三角"),
    "star": forms("星星 | 五角星 | 星"),
    "ring": forms("圆环 | 环 | 圆圈 | 甜甜圈"),
    "heart": forms("心形 | 爱心 | 心"),
    "cross": forms("十字 | 十字形 | 加号"),
    "moon": forms("月亮 | 弯月 | 月牙 | 半月"),
}
NO_KIND = forms("形状 | 图形 | 东西")
COUNTS: dict[str, tuple[str, ...]] = {
    "": forms("一个"),
    "ball": forms("一个 | 一颗"),
    "star": forms("一颗 | 一个"),
    "heart": forms("一颗 | 一个"),
    "moon": forms("一个 | 一轮 | 一弯"),
}
SIZES = {"small": "小", "large": "大"}
SIZE_WORDS = {"small": forms("小小 的 | 很小 的 | 小"), "large": forms("很大 的 | 巨大 的 | 大")}
WAYS: dict[str, tuple[str, ...]] = {
    "left": forms("向左 | 往左 | 朝左 | 从右向左 | 从右往左 | 向左边"),
    "right": forms("向右 | 往右 | 朝右 | 从左向右 | 从左往右 | 向右边"),
    "up": forms("向上 | 往上 | 朝上 | 从下往上"),
    "down": forms("向下 | 往下 | 朝下 | 从上往下"),
    "up left": forms("向左上方 | 往左上方 | 向左上 | 斜着 向左上方 | 朝左上方 | 往左上"),
    "up right": forms("向右上方 | 往右上方 | 向右上 | 斜着 向右上方 | 朝右上方 | 往右上"),
    "down left": forms("向左下方 | 往左下方 | 向左下 | 斜着 向左下方 | 朝左下方 | 往左下"),
    "down right": forms("向右下方 | 往右下方 | 向右下 | 斜着 向右下方 | 朝右下方 | 往右下"),
}
VERBS = forms("移动 | 滑动 | 飘动 | 飞 | 移 | 漂移 | 滚动 | 前进 | 运动 | 飘")
FIXED: dict[str, tuple[str, ...]] = {
    "up": forms("上升 | 升起 | 升高"),
    "down": forms("落下 | 下落 | 下降 | 掉下来"),
    "bouncing": forms("上下 弹跳 | 弹跳 | 上下 跳动 | 跳动 | 蹦跳 | 蹦蹦跳跳 | 跳来跳去 | 跳跃 | 跳"),
    "spinning": forms("旋转 | 转动 | 原地 旋转 | 原地 转动 | 打转 | 自转 | 转"),
    "growing": forms("变大 | 逐渐 变大 | 越来越大 | 长大 | 膨胀"),
    "shrinking": forms("变小 | 逐渐 变小 | 越来越小 | 缩小 | 收缩"),
    "circling": forms("绕圈 移动 | 绕圈 | 转圈 | 绕圈 飞 | 沿 圆周 运动 | 盘旋 | 兜圈子"),
    "still": forms("静止不动 | 静止 | 不动 | 一动不动 | 停 在 那里 | 保持 不动 | 停着 不动"),
}
HOW = {
    "slow": forms("慢慢 | 缓慢 | 缓缓 | 慢慢地 | 缓慢地"),
    "fast": forms("快速 | 迅速 | 飞快地 | 快速地 | 迅速地"),
}
HOW_AFTER = {"slow": forms("得 很慢 | 得 非常 慢"), "fast": forms("得 很快 | 得 非常 快")}
COLOURED: dict[str, tuple[str, ...]] = {  # where, in front of a motion or of the whole; then as its own part
    "": forms(
        "在 {c} 背景 上 | 在 {c} 的 背景 上 | 在 {c} 背景 前 | 在 一片 {c} 中 | 在 {c} 底 上 | "
        "在 {c} 的 墙 前"
    ),
    "gradient": forms(
        "在 {c} 渐变 背景 上 | 在 {c} 的 渐变 背景 上 | 在 渐变 的 {c} 背景 上 | 在 由浅到深 的 {c} 背景 上"
    ),
    "plain": forms("在 纯 {c} 背景 上 | 在 单色 的 {c} 背景 上 | 在 纯 {c} 的 背景 上"),
}
COLOURED_APART: dict[str, tuple[str, ...]] = {
    "": forms("{c} 背景 | 背景 是 {c} | 背景 是 {c} 的 | {c} 的 背景"),
    "gradient": forms("{c} 渐变 背景 | 背景 是 {c} 渐变"),
    "plain": forms("纯 {c} 背景 | 背景 是 纯 {c}"),
}
SETTINGS: dict[str, tuple[str, ...]] = {
    "clouds": forms(
        "在 多云 的 天空 中 | 在 白云 间 | 在 蓝天 白云 下 | 在 云 中 | 在 天空 中 | 在 飘着 白云 的 天空 中"
    ),
    "night": forms(
        "在 夜空 中 | 在 夜空 下 | 在 星空 下 | 在 夜里 | 在 星空 中 | 在 晚上 | 在 夜晚 的 天空 中"
    ),
    "sea": forms("在 海面 上 | 在 大海 上 | 在 海浪 上 | 在 海边 | 在 水面 上 | 在 大海 前"),
    "hills": forms(
        "在 绿色 的 山丘 上 | 在 青山 前 | 在 山丘 前 | 在 山坡 上 | 在 群山 前 | 在 山上 | 在 山野 间"
    ),
    "sunset": forms("在 夕阳 下 | 在 日落 时 | 在 晚霞 中 | 在 黄昏 时 | 在 傍晚 | 在 落日 前"),
}
WEATHERS: dict[str, tuple[str, ...]] = {
    "rain": forms("雨中 | 下着雨 | 下雨 | 正在 下雨 | 下雨天 | 雨天 | 天上 下着雨"),
    "snow": forms("雪中 | 下着雪 | 下雪 | 正在 下雪 | 下雪天 | 雪天 | 天上 下着雪"),
}
WEATHERS_OF = {"rain": "下雨 的", "snow": "下雪 的"}
CAMERAS: dict[str, tuple[str, ...]] = {
    "left": forms(
        "镜头 向左 移动 | 镜头 左移 | 镜头 向左 平移 | 镜头 往左 移动 | 镜头 向左 摇 | "
        "摄像机 向左 移动 | 镜头 慢慢 向左 移动"
    ),
    "right": forms(
        "镜头 向右 移动 | 镜头 右移 | 镜头 向右 平移 | 镜头 往右 移动 | 镜头 向右 摇 | "
        "摄像机 向右 移动 | 镜头 慢慢 向右 移动"
    ),
    "in": forms(
        "镜头 推近 | 镜头 拉近 | 镜头 向前 推进 | 镜头 慢慢 推近 | 镜头 靠近 | 摄像机 推近 | 画面 放大"
    ),
    "out": forms(
        "镜头 拉远 | 镜头 后退 | 镜头 向后 移动 | 镜头 慢慢 拉远 | 镜头 远离 | 摄像机 拉远 | 画面 缩小"
    ),
}
STILL_PICTURES = forms("画面 静止不动 | 画面 静止 | 画面 不动 | 镜头 不动 | 静止 的 画面 | 镜头 静止不动")
BESIDE = forms(
    "，旁边 有 {s} | ，旁边 是 {s} | ，还有 {s} | 和 {s} | ，{s} 在 旁边 | ，附近 有 {s} | ，{s} 停 在 旁边"
)
OPENINGS = forms("一段 视频 ， | 视频 ： | 动画 ： | 画面 中 ， | 有")
PARTICLES = "的 正在"
"""Used by the sentences themselves."""
