<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN">
<context>
    <name>AboutDialog</name>
    <message>
        <source>About Wan Desktop</source>
        <translation>关于 Wan Desktop</translation>
    </message>
    <message>
        <source>Turns a sentence or a picture into a video on your own computer, offline.</source>
        <translation>在你自己的电脑上，离线把一句话或一张图片变成视频。</translation>
    </message>
    <message>
        <source>Apache License 2.0. It stands on Qt for Python (LGPL 3), PyTorch (BSD), Diffusers and Transformers (Apache 2.0), PyAV (BSD) with FFmpeg and x264 (GPL), and Pillow (MIT-CMU).</source>
        <translation>采用 Apache License 2.0 许可。它建立在 Qt for Python（LGPL 3）、PyTorch（BSD）、Diffusers 和 Transformers（Apache 2.0）、PyAV（BSD，内含 FFmpeg 和 x264，GPL）以及 Pillow（MIT-CMU）之上。</translation>
    </message>
    <message>
        <source>The model is Wan2.2-TI2V-5B by the Wan Team, Apache License 2.0. Please cite: “Wan: Open and Advanced Large-Scale Video Generative Models”, arXiv:2503.20314, 2025.</source>
        <translation>模型为 Wan 团队的 Wan2.2-TI2V-5B，采用 Apache License 2.0 许可。引用请写：“Wan: Open and Advanced Large-Scale Video Generative Models”，arXiv:2503.20314，2025。</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>AdvancedSection</name>
    <message>
        <source>Advanced</source>
        <translation>高级</translation>
    </message>
    <message>
        <source>Keep this seed</source>
        <translation>保留这个种子</translation>
    </message>
    <message>
        <source>A new seed for each render</source>
        <translation>每次渲染使用新种子</translation>
    </message>
    <message>
        <source>Seed {number}</source>
        <translation>种子 {number}</translation>
    </message>
    <message>
        <source>In pixels, a multiple of 32.</source>
        <translation>单位为像素，须是 32 的倍数。</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>步数</translation>
    </message>
    <message>
        <source>How often the picture is refined: more is finer and slower.</source>
        <translation>画面被细化的次数：越多越精细，也越慢。</translation>
    </message>
    <message>
        <source>Guidance</source>
        <translation>引导强度</translation>
    </message>
    <message>
        <source>How closely the clip follows the prompt; too much makes colours harsh.</source>
        <translation>视频贴合提示词的程度；过高会让色彩生硬。</translation>
    </message>
    <message>
        <source>Shift</source>
        <translation>偏移</translation>
    </message>
    <message>
        <source>Spends more of the steps on layout (higher) or on detail (lower).</source>
        <translation>把更多步数用在构图（较高）或细节（较低）上。</translation>
    </message>
    <message>
        <source>Sampler</source>
        <translation>采样器</translation>
    </message>
    <message>
        <source>The method that turns noise into pictures, step by step.</source>
        <translation>把噪声一步步变成画面的方法。</translation>
    </message>
    <message>
        <source>Width</source>
        <translation>宽度</translation>
    </message>
    <message>
        <source>Height</source>
        <translation>高度</translation>
    </message>
    <message>
        <source>Frames a second</source>
        <translation>每秒帧数</translation>
    </message>
    <message>
        <source>How fast the frames are played; the model has its own.</source>
        <translation>播放的快慢；模型有自己的默认值。</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>种子</translation>
    </message>
    <message>
        <source>The number that the noise starts from: the same seed and values give the same clip.</source>
        <translation>噪声的起点数字：种子和参数相同，得到的视频就相同。</translation>
    </message>
    <message>
        <source>Type a seed of your own</source>
        <translation>输入自己的种子</translation>
    </message>
    <message>
        <source>Roll a new seed</source>
        <translation>随机一个新种子</translation>
    </message>
</context>
<context>
    <name>ApiPage</name>
    <message>
        <source>Let other programs send jobs (ComfyUI API)</source>
        <translation>允许其他程序提交任务（ComfyUI API）</translation>
    </message>
    <message>
        <source>Copy the address</source>
        <translation>复制地址</translation>
    </message>
    <message>
        <source>They must send a token</source>
        <translation>必须发送令牌</translation>
    </message>
    <message>
        <source>Copy the token</source>
        <translation>复制令牌</translation>
    </message>
    <message>
        <source>New token</source>
        <translation>新令牌</translation>
    </message>
    <message>
        <source>Who has the old one must get the new one.</source>
        <translation>持有旧令牌的程序需换用新令牌。</translation>
    </message>
    <message>
        <source>It may answer too</source>
        <translation>也可以应答</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Choose the LoRA folder</source>
        <translation>选择 LoRA 文件夹</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Use no LoRA folder</source>
        <translation>不使用 LoRA 文件夹</translation>
    </message>
    <message>
        <source>Use none</source>
        <translation>不使用</translation>
    </message>
    <message>
        <source>One moment…</source>
        <translation>请稍候…</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>已关闭</translation>
    </message>
    <message>
        <source>Shown while it is on</source>
        <translation>开启后显示</translation>
    </message>
    <message>
        <source>None needed</source>
        <translation>不需要</translation>
    </message>
    <message>
        <source>Kept in the system&apos;s keyring.</source>
        <translation>保存在系统密钥环中。</translation>
    </message>
    <message>
        <source>There is no keyring here: it is kept in a file that only you can read.</source>
        <translation>这里没有密钥环：保存在只有您能读取的文件中。</translation>
    </message>
    <message>
        <source>It stays the same until you make a new one.</source>
        <translation>在您生成新令牌之前保持不变。</translation>
    </message>
    <message>
        <source>Without one every program on this computer may send jobs, whoever runs it.</source>
        <translation>没有令牌时，本机上任何人运行的任何程序都可以提交任务。</translation>
    </message>
    <message>
        <source>The folder whose LoRAs workflows may name.</source>
        <translation>工作流可以使用这个文件夹里的 LoRA。</translation>
    </message>
    <message>
        <source>Workflows may name the LoRAs in it.</source>
        <translation>工作流可以使用其中的 LoRA。</translation>
    </message>
    <message>
        <source>No LoRA was found in it: they are .safetensors files.</source>
        <translation>其中没有找到 LoRA：它们是 .safetensors 文件。</translation>
    </message>
    <message>
        <source>One LoRA was found, which workflows may name.</source>
        <translation>找到 1 个 LoRA，工作流可以使用它。</translation>
    </message>
    <message>
        <source>{count} LoRAs were found, which workflows may name.</source>
        <translation>找到 {count} 个 LoRA，工作流可以使用它们。</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Scripts and tools that speak ComfyUI&apos;s API. Only this computer can reach it.</source>
        <translation>使用 ComfyUI API 的脚本和工具。只有本机可以访问。</translation>
    </message>
    <message>
        <source>API</source>
        <translation>API</translation>
    </message>
    <message>
        <source>What they need to know: where ComfyUI is.</source>
        <translation>它们需要填写的 ComfyUI 地址。</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>Port</source>
        <translation>端口</translation>
    </message>
    <message>
        <source>ComfyUI&apos;s own is 8188.</source>
        <translation>ComfyUI 默认使用 8188。</translation>
    </message>
    <message>
        <source>Then each request needs it as “Authorization: Bearer …”.</source>
        <translation>开启后每个请求都须带上“Authorization: Bearer …”。</translation>
    </message>
    <message>
        <source>Access</source>
        <translation>访问</translation>
    </message>
    <message>
        <source>Token</source>
        <translation>令牌</translation>
    </message>
    <message>
        <source>It knows few words and small sizes. Without this only real models answer.</source>
        <translation>它只懂少量词语和小尺寸。关闭时只有正式模型应答。</translation>
    </message>
    <message>
        <source>Demo model</source>
        <translation>演示模型</translation>
    </message>
    <message>
        <source>LoRAs</source>
        <translation>LoRA</translation>
    </message>
</context>
<context>
    <name>Banner</name>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Close this message</source>
        <translation>关闭这条消息</translation>
    </message>
</context>
<context>
    <name>ClipActions</name>
    <message>
        <source>Brought back</source>
        <translation>已恢复</translation>
    </message>
    <message>
        <source>Path copied</source>
        <translation>已复制路径</translation>
    </message>
    <message>
        <source>ComfyUI workflow copied</source>
        <translation>已复制 ComfyUI 工作流</translation>
    </message>
    <message>
        <source>Clip deleted</source>
        <translation>视频已删除</translation>
    </message>
    <message>
        <source>{count} clips deleted</source>
        <translation>已删除 {count} 个视频</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
</context>
<context>
    <name>ClipDelegate</name>
    <message>
        <source>File missing</source>
        <translation>文件缺失</translation>
    </message>
    <message>
        <source>{seconds} s</source>
        <translation>{seconds} 秒</translation>
    </message>
</context>
<context>
    <name>ClipGrid</name>
    <message>
        <source>Library</source>
        <translation>视频库</translation>
    </message>
</context>
<context>
    <name>ClipPage</name>
    <message>
        <source>Demo model</source>
        <translation>演示模型</translation>
    </message>
    <message>
        <source>Make it another way</source>
        <translation>换一种办法重做</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>续拍</translation>
    </message>
    <message>
        <source>Use the last frame as the start image of the next clip</source>
        <translation>把最后一帧作为下一个视频的起始图片</translation>
    </message>
    <message>
        <source>Reuse settings</source>
        <translation>沿用设置</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>How it was made</source>
        <translation>制作过程</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Develop the frames again from what was drawn</source>
        <translation>用已绘制的内容重新显影画面</translation>
    </message>
</context>
<context>
    <name>Commands</name>
    <message>
        <source>Clips and workflows ({patterns})</source>
        <translation>视频和工作流 ({patterns})</translation>
    </message>
    <message>
        <source>Open a recipe or workflow</source>
        <translation>打开配方或工作流</translation>
    </message>
    <message>
        <source>There is no picture on the clipboard: copy one first.</source>
        <translation>剪贴板里没有图片：请先复制一张。</translation>
    </message>
</context>
<context>
    <name>CountdownDialog</name>
    <message>
        <source>The queue is done</source>
        <translation>队列已完成</translation>
    </message>
    <message>
        <source>Time left</source>
        <translation>剩余时间</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Now</source>
        <translation>立即</translation>
    </message>
    <message>
        <source>{what} in {seconds} seconds.</source>
        <translation>{seconds} 秒后：{what}。</translation>
    </message>
</context>
<context>
    <name>CreatePanel</name>
    <message>
        <source>Create</source>
        <translation>创作</translation>
    </message>
    <message>
        <source>Added to the queue</source>
        <translation>已加入队列</translation>
    </message>
</context>
<context>
    <name>DemoCard</name>
    <message>
        <source>Demo model</source>
        <translation>演示模型</translation>
    </message>
    <message>
        <source>A tiny model that comes with the program and draws simple moving shapes from a few words. It is not Wan2.2-TI2V-5B: add that one in Settings.</source>
        <translation>随程序附带的微型模型，能用几个词画出简单的运动图形。它不是 Wan2.2-TI2V-5B：那个模型请在“设置”中添加。</translation>
    </message>
    <message>
        <source>What it understands</source>
        <translation>它懂得的词</translation>
    </message>
</context>
<context>
    <name>EmptyPage</name>
    <message>
        <source>Describe a scene, and press Render</source>
        <translation>描述一个场景，然后按“渲染”</translation>
    </message>
    <message>
        <source>Write on the left what is seen and how it moves, or drop a picture to set in motion.</source>
        <translation>在左侧写下画面里有什么、怎么动，或拖入一张图片让它动起来。</translation>
    </message>
    <message>
        <source>Or begin with one of these</source>
        <translation>或者从下面的例子开始</translation>
    </message>
    <message>
        <source>Example: {text}</source>
        <translation>示例：{text}</translation>
    </message>
</context>
<context>
    <name>EndedPage</name>
    <message>
        <source>Make it another way</source>
        <translation>换一种办法重做</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>再试一次</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Report a problem…</source>
        <translation>报告问题…</translation>
    </message>
    <message>
        <source>Reuse settings</source>
        <translation>沿用设置</translation>
    </message>
    <message>
        <source>What the log says</source>
        <translation>日志内容</translation>
    </message>
    <message>
        <source>What is done so far is kept, and its memory is free for other programs.</source>
        <translation>已完成的部分已保存，所占的内存也已让给其他程序。</translation>
    </message>
    <message>
        <source>It rests until you continue it. What a server renders meanwhile is fetched then.</source>
        <translation>它暂停着，等您继续。服务器在此期间渲染好的内容会在那时取回。</translation>
    </message>
    <message>
        <source>The app stopped while a server rendered it. Its clip is fetched when you continue.</source>
        <translation>服务器渲染它时程序关闭了。继续后会取回视频。</translation>
    </message>
    <message>
        <source>It has not begun, and waits until you continue it.</source>
        <translation>它还没有开始，等你点“继续”。</translation>
    </message>
    <message>
        <source>It was rendering when the app stopped. What was done until then is kept.</source>
        <translation>程序停止时它正在渲染。此前完成的部分已保存。</translation>
    </message>
    <message>
        <source>It was rendering when the app stopped. Nothing of it could be kept.</source>
        <translation>程序停止时它正在渲染。没能保存任何进度。</translation>
    </message>
    <message>
        <source>You cancelled this render. What was done until then is kept.</source>
        <translation>你取消了这次渲染。此前完成的部分已保存。</translation>
    </message>
    <message>
        <source>You cancelled this render.</source>
        <translation>你取消了这次渲染。</translation>
    </message>
    <message>
        <source>Its clip is no longer in the library.</source>
        <translation>它的视频已不在视频库中。</translation>
    </message>
    <message>
        <source>It is the {ordinal} in the queue, which is paused.</source>
        <translation>它在队列中排{ordinal}，队列已暂停。</translation>
    </message>
    <message>
        <source>It is the {ordinal} in the queue and starts by itself.</source>
        <translation>它在队列中排{ordinal}，会自动开始。</translation>
    </message>
</context>
<context>
    <name>Exactness</name>
    <message>
        <source>Precision</source>
        <translation>精度</translation>
    </message>
    <message>
        <source>Fewer bits take less memory, and less time on cards that multiply them; not exact.</source>
        <translation>位数越少，占用内存越少，在支持这种乘法的显卡上也更快；但不精确。</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>Fast guesses some of the steps from those before them; not exact.</source>
        <translation>“快速”会根据前面的步骤推测其中一些步骤；不精确。</translation>
    </message>
    <message>
        <source>Not exact; how far from it has not been measured.</source>
        <translation>不精确；偏差有多大尚未测量。</translation>
    </message>
    <message>
        <source>Not exact: measured on {count} prompts of the built-in model, clips are {median} dB (median) from the exact ones, and {lowest} dB at the lowest. That says nothing about the 5 B.</source>
        <translation>不精确：在内置模型的 {count} 条提示词上测得，与精确视频相比 PSNR 中位数为 {median} dB，最低为 {lowest} dB。这不能说明 5 B 的情况。</translation>
    </message>
</context>
<context>
    <name>Field</name>
    <message>
        <source>Reset {field}</source>
        <translation>重置{field}</translation>
    </message>
</context>
<context>
    <name>Foot</name>
    <message>
        <source>Render {count} variations, each with a seed of its own</source>
        <translation>渲染 {count} 个变体，各用不同的种子</translation>
    </message>
    <message>
        <source>Render from image</source>
        <translation>由图片渲染</translation>
    </message>
    <message>
        <source>Render</source>
        <translation>渲染</translation>
    </message>
    <message>
        <source>No estimate yet: the first clip will tell</source>
        <translation>暂无估计：渲染过第一个视频后就知道了</translation>
    </message>
    <message>
        <source>on this GPU</source>
        <translation>在这块 GPU 上</translation>
    </message>
    <message>
        <source>on this computer</source>
        <translation>在这台电脑上</translation>
    </message>
    <message>
        <source>about {time} {where} · {size}</source>
        <translation>{where}约 {time} · {size}</translation>
    </message>
</context>
<context>
    <name>FullScreen</name>
    <message>
        <source>Full screen</source>
        <translation>全屏</translation>
    </message>
    <message>
        <source>Esc leaves full screen</source>
        <translation>按 Esc 退出全屏</translation>
    </message>
</context>
<context>
    <name>ImageSection</name>
    <message>
        <source>Start image</source>
        <translation>起始图片</translation>
    </message>
    <message>
        <source>The first frame of the clip. Drop a picture, paste one, or click to choose.</source>
        <translation>视频的第一帧。可以拖入、粘贴，或点击选择一张图片。</translation>
    </message>
    <message>
        <source>Drop a picture, or click to choose</source>
        <translation>拖入图片，或点击选择</translation>
    </message>
    <message>
        <source>It becomes the first frame</source>
        <translation>它将成为第一帧</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Remove the start image</source>
        <translation>移除起始图片</translation>
    </message>
    <message>
        <source>Stored picture</source>
        <translation>已存的图片</translation>
    </message>
    <message>
        <source>Pasted picture</source>
        <translation>粘贴的图片</translation>
    </message>
    <message>
        <source>Pictures ({patterns})</source>
        <translation>图片 ({patterns})</translation>
    </message>
    <message>
        <source>Choose a start image</source>
        <translation>选择起始图片</translation>
    </message>
    <message>
        <source>This is a link, not a picture: save the picture to a file, then drop that file here.</source>
        <translation>这是链接，不是图片：请先把图片存为文件，再拖到这里。</translation>
    </message>
    <message>
        <source>Reading the picture…</source>
        <translation>正在读取图片…</translation>
    </message>
    <message>
        <source>used at {size}</source>
        <translation>按 {size} 使用</translation>
    </message>
    <message>
        <source>cropped to {size}</source>
        <translation>裁剪为 {size}</translation>
    </message>
    <message>
        <source>over 10 MB</source>
        <translation>超过 10 MB</translation>
    </message>
    <message>
        <source>small: {size}, will look soft</source>
        <translation>偏小：{size}，画面会发虚</translation>
    </message>
    <message>
        <source>portrait → {size}</source>
        <translation>竖幅 → {size}</translation>
    </message>
</context>
<context>
    <name>JobView</name>
    <message>
        <source>Queue</source>
        <translation>队列</translation>
    </message>
</context>
<context>
    <name>KeysDialog</name>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
</context>
<context>
    <name>LengthSection</name>
    <message>
        <source>Length</source>
        <translation>时长</translation>
    </message>
    <message>
        <source>How long the clip is. Longer clips take longer to render and more memory.</source>
        <translation>视频的长度。越长，渲染越久，占用内存越多。</translation>
    </message>
    <message>
        <source>{seconds} s · {frames} frames · {fps} fps</source>
        <translation>{seconds} 秒 · {frames} 帧 · {fps} fps</translation>
    </message>
</context>
<context>
    <name>LibraryPanel</name>
    <message>
        <source>Search prompts…</source>
        <translation>搜索提示词…</translation>
    </message>
    <message>
        <source>Search prompts</source>
        <translation>搜索提示词</translation>
    </message>
    <message>
        <source>Newest first</source>
        <translation>最新在前</translation>
    </message>
    <message>
        <source>Oldest first</source>
        <translation>最早在前</translation>
    </message>
    <message>
        <source>Order: {order}</source>
        <translation>排序：{order}</translation>
    </message>
    <message>
        <source>No clips yet</source>
        <translation>还没有视频</translation>
    </message>
    <message>
        <source>Every finished render is kept here, with everything that it was made from.</source>
        <translation>每个渲染完成的视频都保存在这里，连同制作它的全部信息。</translation>
    </message>
    <message>
        <source>No prompt has these words</source>
        <translation>没有提示词包含这些字</translation>
    </message>
    <message>
        <source>Search for fewer or shorter words.</source>
        <translation>请减少或缩短搜索词。</translation>
    </message>
    <message>
        <source>{count} of {total} clips</source>
        <translation>{total} 个视频中的 {count} 个</translation>
    </message>
    <message>
        <source>1 clip</source>
        <translation>1 个视频</translation>
    </message>
    <message>
        <source>{count} clips</source>
        <translation>{count} 个视频</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Reuse settings</source>
        <translation>沿用设置</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>Copy path</source>
        <translation>复制路径</translation>
    </message>
    <message>
        <source>Copy as ComfyUI workflow</source>
        <translation>复制为 ComfyUI 工作流</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
</context>
<context>
    <name>LoraRow</name>
    <message>
        <source>Strength of {name}</source>
        <translation>{name} 的强度</translation>
    </message>
    <message>
        <source>How strongly it changes the clip: 1 as it was trained.</source>
        <translation>它对视频影响多大：1 表示与训练时相同。</translation>
    </message>
    <message>
        <source>Leave out {name}</source>
        <translation>去掉 {name}</translation>
    </message>
</context>
<context>
    <name>Loras</name>
    <message>
        <source>Add a LoRA…</source>
        <translation>添加 LoRA…</translation>
    </message>
    <message>
        <source>A file of ComfyUI, kohya or diffusers that was trained for this model; several may be used.</source>
        <translation>为此模型训练的 ComfyUI、kohya 或 diffusers 文件，可以同时使用多个。</translation>
    </message>
    <message>
        <source>LoRAs</source>
        <translation>LoRA</translation>
    </message>
    <message>
        <source>LoRAs ({patterns})</source>
        <translation>LoRA（{patterns}）</translation>
    </message>
    <message>
        <source>Add LoRAs</source>
        <translation>添加 LoRA</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>The workflow starts from “{name}”, which is not here: drop that picture here.</source>
        <translation>工作流以“{name}”为起始图片，但它不在这里：请把该图片拖到此处。</translation>
    </message>
</context>
<context>
    <name>Memory</name>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>Everything on the card</source>
        <translation>全部放在显卡上</translation>
    </message>
    <message>
        <source>Blocks come and go</source>
        <translation>各层轮流进出显卡</translation>
    </message>
    <message>
        <source>And frames in tiles</source>
        <translation>再加上画面分块</translation>
    </message>
    <message>
        <source>And smaller tiles</source>
        <translation>再加上更小的分块</translation>
    </message>
    <message>
        <source>The least: frames on the processor</source>
        <translation>占用最少：画面由处理器解码</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>显存</translation>
    </message>
    <message>
        <source>How the card&apos;s memory is used; every plan makes the same clip but for rounding, in more or less time.</source>
        <translation>显存的使用方式；除舍入误差外，每种方案生成的视频都相同，只是快慢不同。</translation>
    </message>
</context>
<context>
    <name>ModelsPage</name>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>What there is to know</source>
        <translation>相关信息</translation>
    </message>
    <message>
        <source>No, the plain model</source>
        <translation>不是，是普通模型</translation>
    </message>
    <message>
        <source>Look for models</source>
        <translation>查找模型</translation>
    </message>
    <message>
        <source>Add a file…</source>
        <translation>添加文件…</translation>
    </message>
    <message>
        <source>Add a folder…</source>
        <translation>添加文件夹…</translation>
    </message>
    <message>
        <source>Check the files</source>
        <translation>检查文件</translation>
    </message>
    <message>
        <source>Take off the list</source>
        <translation>从列表移除</translation>
    </message>
    <message>
        <source>Not usable: {sentence}</source>
        <translation>无法使用：{sentence}</translation>
    </message>
    <message>
        <source>{file} is called like the few-step model {name}. Is it that model?</source>
        <translation>{file} 的名称像是少步模型 {name}。它是那个模型吗？</translation>
    </message>
    <message>
        <source>Yes, it is {name}</source>
        <translation>是，它是 {name}</translation>
    </message>
    <message>
        <source>There is no Wan2.2-TI2V-5B yet. Put these files into {folder}; they are noticed there:</source>
        <translation>还没有 Wan2.2-TI2V-5B。请把这些文件放到 {folder}，程序会自动发现：</translation>
    </message>
    <message>
        <source>{name}, {size} GB, from {source}</source>
        <translation>{name}，{size} GB，来自 {source}</translation>
    </message>
    <message>
        <source>{count} files are as they should be.</source>
        <translation>{count} 个文件完好无误。</translation>
    </message>
    <message>
        <source>missing: {file}</source>
        <translation>缺少：{file}</translation>
    </message>
    <message>
        <source>changed: {file}</source>
        <translation>已改变：{file}</translation>
    </message>
    <message>
        <source>Get these files again:</source>
        <translation>请重新获取这些文件：</translation>
    </message>
    <message>
        <source>Reading: {size} GB</source>
        <translation>正在读取：{size} GB</translation>
    </message>
    <message>
        <source>Weights and tokenizers ({patterns})</source>
        <translation>权重和分词器 ({patterns})</translation>
    </message>
    <message>
        <source>Add a file</source>
        <translation>添加文件</translation>
    </message>
    <message>
        <source>Add a folder</source>
        <translation>添加文件夹</translation>
    </message>
</context>
<context>
    <name>Notifier</name>
    <message>
        <source>Your clip is done · {time}</source>
        <translation>视频已完成 · {time}</translation>
    </message>
    <message>
        <source>A render had to pause</source>
        <translation>一次渲染不得不暂停</translation>
    </message>
    <message>
        <source>A render failed</source>
        <translation>有一次渲染失败了</translation>
    </message>
</context>
<context>
    <name>Opening</name>
    <message>
        <source>{first} {second}</source>
        <translation>{first}{second}</translation>
    </message>
    <message>
        <source>Go on?</source>
        <translation>要继续吗？</translation>
    </message>
    <message>
        <source>{count} renders were interrupted.</source>
        <translation>有 {count} 次渲染被中断。</translation>
    </message>
    <message>
        <source>A render was interrupted while its frames were made.</source>
        <translation>有一次渲染在显影画面时被中断。</translation>
    </message>
    <message>
        <source>A render was interrupted at step {done} of {total}.</source>
        <translation>有一次渲染在第 {done} 步（共 {total} 步）被中断。</translation>
    </message>
    <message>
        <source>A render was interrupted before a step was kept.</source>
        <translation>有一次渲染在保存进度之前被中断。</translation>
    </message>
    <message>
        <source>1 job is waiting from last time.</source>
        <translation>上次有 1 个任务还在等待。</translation>
    </message>
    <message>
        <source>{count} jobs are waiting from last time.</source>
        <translation>上次有 {count} 个任务还在等待。</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Not now</source>
        <translation>暂不</translation>
    </message>
    <message>
        <source>Render it</source>
        <translation>渲染它</translation>
    </message>
    <message>
        <source>Render them</source>
        <translation>渲染它们</translation>
    </message>
    <message>
        <source>Leave it</source>
        <translation>先不渲染</translation>
    </message>
    <message>
        <source>Leave them</source>
        <translation>先不渲染</translation>
    </message>
</context>
<context>
    <name>Player</name>
    <message>
        <source>Player</source>
        <translation>播放器</translation>
    </message>
    <message>
        <source>This system&apos;s video player cannot show this clip; these are its frames, made smaller.</source>
        <translation>本系统的播放器无法播放这个视频；这里显示的是缩小后的画面。</translation>
    </message>
</context>
<context>
    <name>PlayerControls</name>
    <message>
        <source>One frame back</source>
        <translation>后退一帧</translation>
    </message>
    <message>
        <source>One frame on</source>
        <translation>前进一帧</translation>
    </message>
    <message>
        <source>Loop</source>
        <translation>循环</translation>
    </message>
    <message>
        <source>Pixel for pixel</source>
        <translation>原始像素</translation>
    </message>
    <message>
        <source>Full screen</source>
        <translation>全屏</translation>
    </message>
    <message>
        <source>Position in the clip</source>
        <translation>视频中的位置</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Play</source>
        <translation>播放</translation>
    </message>
    <message>
        <source>{action} (Space)</source>
        <translation>{action}（空格）</translation>
    </message>
</context>
<context>
    <name>PromptSection</name>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Describe what the clip shows.</source>
        <translation>描述视频的内容。</translation>
    </message>
    <message>
        <source>Examples</source>
        <translation>示例</translation>
    </message>
    <message>
        <source>Negative…</source>
        <translation>负面…</translation>
    </message>
    <message>
        <source>What the clip should not show. The model has its own standard text.</source>
        <translation>视频中不该出现的内容。模型有自己的标准文本。</translation>
    </message>
    <message>
        <source>{count} characters · very long: the end may be cut</source>
        <translation>{count} 个字符 · 很长：结尾可能被截断</translation>
    </message>
    <message>
        <source>{count} characters</source>
        <translation>{count} 个字符</translation>
    </message>
    <message>
        <source>{count} characters · say a little more</source>
        <translation>{count} 个字符 · 可以再多写一点</translation>
    </message>
    <message>
        <source>{count} characters · good length</source>
        <translation>{count} 个字符 · 长度合适</translation>
    </message>
    <message>
        <source>{count} characters · long: some may be left out</source>
        <translation>{count} 个字符 · 偏长：有些可能被忽略</translation>
    </message>
    <message>
        <source>Lights up when the prompt says it. Click for words to insert.</source>
        <translation>提示词写到时会亮起。点击可插入词语。</translation>
    </message>
    <message>
        <source>Negative prompt</source>
        <translation>负面提示词</translation>
    </message>
    <message>
        <source>Reset</source>
        <translation>重置</translation>
    </message>
    <message>
        <source>Reset the negative prompt</source>
        <translation>重置负面提示词</translation>
    </message>
</context>
<context>
    <name>QualitySection</name>
    <message>
        <source>Quality</source>
        <translation>质量</translation>
    </message>
    <message>
        <source>{steps} steps · guidance {guidance} · shift {shift}</source>
        <translation>{steps} 步 · 引导 {guidance} · 偏移 {shift}</translation>
    </message>
</context>
<context>
    <name>QueueFoot</name>
    <message>
        <source>Now</source>
        <translation>立即</translation>
    </message>
    <message>
        <source>What renders stops after its step and goes on from there</source>
        <translation>正在渲染的会在这一步之后停下，以后从那里继续</translation>
    </message>
    <message>
        <source>After this one</source>
        <translation>这个完成之后</translation>
    </message>
    <message>
        <source>What renders is finished, nothing new begins</source>
        <translation>正在渲染的会完成，不再开始新的</translation>
    </message>
    <message>
        <source>This computer does not let programs do that</source>
        <translation>这台电脑不允许程序这样做</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Pause queue</source>
        <translation>暂停队列</translation>
    </message>
    <message>
        <source>Continue the queue</source>
        <translation>继续队列</translation>
    </message>
    <message>
        <source>When done: {what}</source>
        <translation>完成后：{what}</translation>
    </message>
</context>
<context>
    <name>QueuePanel</name>
    <message>
        <source>Nothing is waiting</source>
        <translation>没有等待的任务</translation>
    </message>
    <message>
        <source>Write a prompt and press Render: each render gets a card here, and the next one starts by itself.</source>
        <translation>写好提示词并按“渲染”：每次渲染都会在这里有一张卡片，下一个会自动开始。</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Continue what waits from last time</source>
        <translation>继续上次等待的任务</translation>
    </message>
    <message>
        <source>The queue stops after this one.</source>
        <translation>这个完成之后队列会停下。</translation>
    </message>
    <message>
        <source>The queue is paused: nothing begins by itself.</source>
        <translation>队列已暂停：不会自动开始任何任务。</translation>
    </message>
    <message>
        <source>What waits from last time begins when you say so.</source>
        <translation>上次等待的任务会在你发话后开始。</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>显示</translation>
    </message>
    <message>
        <source>Move up</source>
        <translation>上移</translation>
    </message>
    <message>
        <source>Move down</source>
        <translation>下移</translation>
    </message>
    <message>
        <source>Reuse settings</source>
        <translation>沿用设置</translation>
    </message>
    <message>
        <source>Copy prompt</source>
        <translation>复制提示词</translation>
    </message>
    <message>
        <source>Copy as ComfyUI workflow</source>
        <translation>复制为 ComfyUI 工作流</translation>
    </message>
</context>
<context>
    <name>QueueVerbs</name>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>再试一次</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Clear finished</source>
        <translation>清除已结束的</translation>
    </message>
    <message>
        <source>Remove from the queue</source>
        <translation>从队列移除</translation>
    </message>
    <message>
        <source>Start again</source>
        <translation>重新开始</translation>
    </message>
</context>
<context>
    <name>RecipeDialog</name>
    <message>
        <source>How it was made</source>
        <translation>制作过程</translation>
    </message>
    <message>
        <source>Copy as JSON</source>
        <translation>复制为 JSON</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Negative prompt</source>
        <translation>负面提示词</translation>
    </message>
    <message>
        <source>Start image</source>
        <translation>起始图片</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>有</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>尺寸</translation>
    </message>
    <message>
        <source>Length</source>
        <translation>时长</translation>
    </message>
    <message>
        <source>{length} · {frames} frames at {fps} a second</source>
        <translation>{length} · {frames} 帧，每秒 {fps} 帧</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>预设</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>步数</translation>
    </message>
    <message>
        <source>Guidance</source>
        <translation>引导强度</translation>
    </message>
    <message>
        <source>Shift</source>
        <translation>偏移</translation>
    </message>
    <message>
        <source>Sampler</source>
        <translation>采样器</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>精度</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>LoRAs</source>
        <translation>LoRA</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>种子</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Rendered on</source>
        <translation>渲染于</translation>
    </message>
    <message>
        <source>Made</source>
        <translation>制作时间</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
</context>
<context>
    <name>RenderOnSection</name>
    <message>
        <source>Render on</source>
        <translation>由谁渲染</translation>
    </message>
    <message>
        <source>Who renders the clip. It lies in the library here in any case.</source>
        <translation>由谁来渲染这段视频。无论由谁渲染，视频都保存在这里的视频库中。</translation>
    </message>
    <message>
        <source>This computer</source>
        <translation>本机</translation>
    </message>
    <message>
        <source>Whoever is free</source>
        <translation>谁空闲就由谁</translation>
    </message>
    <message>
        <source>Asking it…</source>
        <translation>正在询问…</translation>
    </message>
    <message>
        <source>Not asked yet.</source>
        <translation>尚未询问。</translation>
    </message>
    <message>
        <source>Check</source>
        <translation>检查</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation>再次检查</translation>
    </message>
    <message>
        <source>Servers…</source>
        <translation>服务器…</translation>
    </message>
    <message>
        <source>this computer</source>
        <translation>本机</translation>
    </message>
    <message>
        <source>Whichever is free first: {names}</source>
        <translation>最先空闲的一个：{names}</translation>
    </message>
    <message>
        <source>, </source>
        <translation>、</translation>
    </message>
</context>
<context>
    <name>RenderingPage</name>
    <message>
        <source>The whole job</source>
        <translation>整个任务</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Pause this render</source>
        <translation>暂停这次渲染</translation>
    </message>
    <message>
        <source>Stops after the present step, to go on from there</source>
        <translation>在当前这一步之后停下，以后从那里继续</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Cancel this render</source>
        <translation>取消这次渲染</translation>
    </message>
    <message>
        <source>Preview · step {step} of {total}</source>
        <translation>预览 · 第 {step} 步，共 {total} 步</translation>
    </message>
    <message>
        <source>{word} · step {done} of {total}</source>
        <translation>{word} · 第 {done} 步，共 {total} 步</translation>
    </message>
    <message>
        <source>{word} · frame {done} of {total}</source>
        <translation>{word} · 第 {done} 帧，共 {total} 帧</translation>
    </message>
    <message>
        <source>{word} · {done} of {total}</source>
        <translation>{word} · {done} / {total}</translation>
    </message>
    <message>
        <source>{time} gone</source>
        <translation>已用 {time}</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>剩余 {time}</translation>
    </message>
    <message>
        <source>Cancelling…</source>
        <translation>正在取消…</translation>
    </message>
</context>
<context>
    <name>ReportDialog</name>
    <message>
        <source>Report a problem</source>
        <translation>报告问题</translation>
    </message>
    <message>
        <source>With my prompts</source>
        <translation>包含我的提示词</translation>
    </message>
    <message>
        <source>Without them the file does not say what you made</source>
        <translation>不包含时，文件不会透露你做了什么</translation>
    </message>
    <message>
        <source>Save the file…</source>
        <translation>保存文件…</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>A file for whoever helps you</source>
        <translation>给帮助你的人的文件</translation>
    </message>
    <message>
        <source>In it: this program&apos;s logs and settings, what this computer has, how the last renders ended.</source>
        <translation>其中有：本程序的日志和设置、这台电脑的配置、最近几次渲染的结果。</translation>
    </message>
    <message>
        <source>Not in it: your name, the names of your folders, your pictures and your clips.</source>
        <translation>其中没有：你的名字、你的文件夹名称、你的图片和视频。</translation>
    </message>
    <message>
        <source>Nothing is sent: you save the file and give it to whom you like.</source>
        <translation>不会发送任何内容：文件由你保存，由你决定交给谁。</translation>
    </message>
    <message>
        <source>Save the report</source>
        <translation>保存报告</translation>
    </message>
    <message>
        <source>Saving…</source>
        <translation>正在保存…</translation>
    </message>
    <message>
        <source>Saved: {file}</source>
        <translation>已保存：{file}</translation>
    </message>
</context>
<context>
    <name>ServerCard</name>
    <message>
        <source>Check</source>
        <translation>检查</translation>
    </message>
    <message>
        <source>Check {name}</source>
        <translation>检查 {name}</translation>
    </message>
    <message>
        <source>Edit…</source>
        <translation>编辑…</translation>
    </message>
    <message>
        <source>Edit {name}</source>
        <translation>编辑 {name}</translation>
    </message>
    <message>
        <source>Remove…</source>
        <translation>移除…</translation>
    </message>
    <message>
        <source>Remove {name}</source>
        <translation>移除 {name}</translation>
    </message>
    <message>
        <source>Trust its certificate…</source>
        <translation>信任它的证书…</translation>
    </message>
    <message>
        <source>Trust the certificate of {name}</source>
        <translation>信任 {name} 的证书</translation>
    </message>
    <message>
        <source>Asking it…</source>
        <translation>正在询问…</translation>
    </message>
    <message>
        <source>Not asked yet.</source>
        <translation>尚未询问。</translation>
    </message>
    <message>
        <source>Ready: {what}</source>
        <translation>就绪：{what}</translation>
    </message>
    <message>
        <source>Its token is in the system&apos;s keyring.</source>
        <translation>它的令牌保存在系统密钥环中。</translation>
    </message>
    <message>
        <source>There is no keyring here: its token is in a file that only you can read.</source>
        <translation>这里没有密钥环：它的令牌保存在只有您能读取的文件中。</translation>
    </message>
    <message>
        <source>, </source>
        <translation>、</translation>
    </message>
    <message>
        <source>Has the model&apos;s files: {files}</source>
        <translation>已有模型文件：{files}</translation>
    </message>
    <message>
        <source>It needs no token, or none was given.</source>
        <translation>它不需要令牌，或没有提供令牌。</translation>
    </message>
    <message>
        <source>Only its own certificate is trusted, as you said.</source>
        <translation>按您的设置，只信任它自己的证书。</translation>
    </message>
    <message>
        <source>Not encrypted: prompts, pictures and the token can be read on the way. Better use https.</source>
        <translation>未加密：提示词、图片和令牌可能在途中被读取。建议使用 https。</translation>
    </message>
</context>
<context>
    <name>ServerForm</name>
    <message>
        <source>Forget it</source>
        <translation>忘记令牌</translation>
    </message>
    <message>
        <source>Forget the token</source>
        <translation>忘记令牌</translation>
    </message>
    <message>
        <source>Save and check</source>
        <translation>保存并检查</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>A new server</source>
        <translation>新服务器</translation>
    </message>
    <message>
        <source>The one that is kept</source>
        <translation>沿用已保存的令牌</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>studio</source>
        <translation>studio</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>What you call it: one word.</source>
        <translation>您对它的称呼：一个英文单词。</translation>
    </message>
    <message>
        <source>As in a browser: https://studio.example, or http://192.168.1.20:8188 at home.</source>
        <translation>与浏览器中相同：https://studio.example，
家中可用 http://192.168.1.20:8188。</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>What it asks for, if anything. It is kept in the system&apos;s keyring and never shown again.</source>
        <translation>服务器要求的令牌，没有就留空。保存在系统密钥环中，不再显示。</translation>
    </message>
    <message>
        <source>Token</source>
        <translation>令牌</translation>
    </message>
    <message>
        <source>Empty: what this computer trusts, always verified. Else the SHA-256 fingerprint of the server&apos;s own one.</source>
        <translation>留空：按本机信任的证书验证，始终验证。否则填写服务器自有证书的 SHA-256 指纹。</translation>
    </message>
    <message>
        <source>Certificate</source>
        <translation>证书</translation>
    </message>
</context>
<context>
    <name>ServersPage</name>
    <message>
        <source>Add a server…</source>
        <translation>添加服务器…</translation>
    </message>
    <message>
        <source>Remove a server</source>
        <translation>移除服务器</translation>
    </message>
    <message>
        <source>Remove “{name}” from the list?</source>
        <translation>从列表中移除“{name}”吗？</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>Its token is forgotten. Clips that it made stay in the library.</source>
        <translation>它的令牌会被忘记。由它渲染的视频留在视频库中。</translation>
    </message>
    <message>
        <source>Jobs that wait for it or render there: {count}. They will fail. {token}</source>
        <translation>等待它或正在那里渲染的任务：{count} 个，它们将会失败。{token}</translation>
    </message>
    <message>
        <source>Trust a certificate</source>
        <translation>信任证书</translation>
    </message>
    <message>
        <source>Trust this certificate for “{name}”, and no other?</source>
        <translation>只信任“{name}”的这一证书吗？</translation>
    </message>
    <message>
        <source>Compare its SHA-256 fingerprint with the one on the server:
{fingerprint}</source>
        <translation>请与服务器上的 SHA-256 指纹核对：
{fingerprint}</translation>
    </message>
    <message>
        <source>Trust it</source>
        <translation>信任</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>A computer with ComfyUI and the model&apos;s files, or another Wan Desktop, renders for this one. Queue, library and recipes stay here.</source>
        <translation>由装有 ComfyUI 和模型文件的另一台电脑，或另一个 Wan Desktop 代为渲染。队列、视频库和配方都留在本机。</translation>
    </message>
    <message>
        <source>No servers yet.</source>
        <translation>还没有服务器。</translation>
    </message>
</context>
<context>
    <name>SettingsDialog</name>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Add a model folder…</source>
        <translation>添加模型文件夹…</translation>
    </message>
    <message>
        <source> s</source>
        <translation> 秒</translation>
    </message>
    <message>
        <source> GB</source>
        <translation> GB</translation>
    </message>
    <message>
        <source>While a clip renders</source>
        <translation>渲染视频期间</translation>
    </message>
    <message>
        <source>Best present</source>
        <translation>现有最好的</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Ask me</source>
        <translation>询问我</translation>
    </message>
    <message>
        <source>Go on by itself</source>
        <translation>自动继续</translation>
    </message>
    <message>
        <source>Wait until I say so</source>
        <translation>等我发话</translation>
    </message>
    <message>
        <source>The best there is</source>
        <translation>现有最好的</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>Choose the library folder</source>
        <translation>选择视频库文件夹</translation>
    </message>
    <message>
        <source>Choose a model&apos;s folder</source>
        <translation>选择模型所在的文件夹</translation>
    </message>
    <message>
        <source>General</source>
        <translation>常规</translation>
    </message>
    <message>
        <source>Rendering</source>
        <translation>渲染</translation>
    </message>
    <message>
        <source>Keeping work</source>
        <translation>保存进度</translation>
    </message>
    <message>
        <source>Other programs</source>
        <translation>其他程序</translation>
    </message>
    <message>
        <source>Servers</source>
        <translation>服务器</translation>
    </message>
    <message>
        <source>Library folder</source>
        <translation>视频库文件夹</translation>
    </message>
    <message>
        <source>What renders. File → Models… finds what is on this computer, in any format.</source>
        <translation>用来渲染的模型。“文件 → 模型…”会找到这台电脑上已有的模型，任何格式都可以。</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>What renders on this computer.</source>
        <translation>本机上负责渲染的设备。</translation>
    </message>
    <message>
        <source>The computer does not go to sleep by itself then. The screen may go dark.</source>
        <translation>此时电脑不会自动睡眠。屏幕可能会变暗。</translation>
    </message>
    <message>
        <source>Keep awake</source>
        <translation>保持唤醒</translation>
    </message>
    <message>
        <source>What happens to interrupted renders and to the waiting queue when the window opens.</source>
        <translation>窗口打开时，如何处理被中断的渲染和等待中的队列。</translation>
    </message>
    <message>
        <source>After a restart</source>
        <translation>重新启动后</translation>
    </message>
    <message>
        <source>How often a render keeps what it has done so far; at 0 after every step.</source>
        <translation>渲染每隔多久保存一次进度；0 表示每一步之后。</translation>
    </message>
    <message>
        <source>Keep work every</source>
        <translation>保存间隔</translation>
    </message>
    <message>
        <source>How much disk the kept work of ended jobs may take. Paused and interrupted renders never lose theirs.</source>
        <translation>已结束任务保存的进度最多占用多少磁盘空间。暂停和中断的渲染绝不会失去进度。</translation>
    </message>
    <message>
        <source>Kept work takes</source>
        <translation>进度占用</translation>
    </message>
    <message>
        <source>Where finished clips are put.</source>
        <translation>完成的视频存放的位置。</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Appearance</source>
        <translation>外观</translation>
    </message>
    <message>
        <source>Light or dark.</source>
        <translation>浅色或深色。</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>The window&apos;s language.</source>
        <translation>窗口的语言。</translation>
    </message>
    <message>
        <source>Tell me after</source>
        <translation>超过多久通知我</translation>
    </message>
    <message>
        <source>A render longer than this says when it is done.</source>
        <translation>超过这个时长的渲染，完成时会通知你。</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>ShapeSection</name>
    <message>
        <source>Shape</source>
        <translation>画幅</translation>
    </message>
    <message>
        <source>This model draws less well in small sizes.</source>
        <translation>这个模型在小尺寸下效果较差。</translation>
    </message>
    <message>
        <source>From image</source>
        <translation>同图片</translation>
    </message>
    <message>
        <source>The shape of the start image.</source>
        <translation>起始图片的画幅。</translation>
    </message>
    <message>
        <source>Custom</source>
        <translation>自定义</translation>
    </message>
    <message>
        <source>The width and height given in Advanced.</source>
        <translation>在“高级”中给出的宽度和高度。</translation>
    </message>
</context>
<context>
    <name>SideColumn</name>
    <message>
        <source>Queue</source>
        <translation>队列</translation>
    </message>
    <message>
        <source>Library</source>
        <translation>视频库</translation>
    </message>
</context>
<context>
    <name>StagePanel</name>
    <message>
        <source>Rendering now · show it</source>
        <translation>正在渲染 · 查看</translation>
    </message>
    <message>
        <source>Done · show it</source>
        <translation>已完成 · 查看</translation>
    </message>
</context>
<context>
    <name>Toast</name>
    <message>
        <source>Close this notice</source>
        <translation>关闭这条通知</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>TopBar</name>
    <message>
        <source>demo</source>
        <translation>演示</translation>
    </message>
    <message>
        <source>A tiny demo model, not Wan2.2-TI2V-5B</source>
        <translation>微型演示模型，不是 Wan2.2-TI2V-5B</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Model: {name}</source>
        <translation>模型：{name}</translation>
    </message>
    <message>
        <source>The computer stays awake while a clip renders</source>
        <translation>渲染视频时电脑保持唤醒</translation>
    </message>
    <message>
        <source>Device: {name}</source>
        <translation>设备：{name}</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>正在启动…</translation>
    </message>
    <message>
        <source>Cannot render</source>
        <translation>无法渲染</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>就绪</translation>
    </message>
</context>
<context>
    <name>UnknownNote</name>
    <message>
        <source>What it knows</source>
        <translation>它认识的词</translation>
    </message>
    <message>
        <source>, </source>
        <translation>、</translation>
    </message>
    <message>
        <source>“{word}”</source>
        <translation>“{word}”</translation>
    </message>
    <message>
        <source>{words} and {count} more</source>
        <translation>{words}以及另外 {count} 个词</translation>
    </message>
    <message>
        <source>The demo model does not know {words}: it draws only simple shapes.</source>
        <translation>演示模型不认识{words}：它只会画简单的图形。</translation>
    </message>
</context>
<context>
    <name>actions</name>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>Render</source>
        <translation>渲染</translation>
    </message>
    <message>
        <source>View</source>
        <translation>视图</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>帮助</translation>
    </message>
    <message>
        <source>New prompt</source>
        <translation>新建提示词</translation>
    </message>
    <message>
        <source>Choose start image…</source>
        <translation>选择起始图片…</translation>
    </message>
    <message>
        <source>Open a recipe or workflow…</source>
        <translation>打开配方或工作流…</translation>
    </message>
    <message>
        <source>Open library folder</source>
        <translation>打开视频库文件夹</translation>
    </message>
    <message>
        <source>Models…</source>
        <translation>模型…</translation>
    </message>
    <message>
        <source>Settings…</source>
        <translation>设置…</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>重做</translation>
    </message>
    <message>
        <source>Write the prompt</source>
        <translation>编写提示词</translation>
    </message>
    <message>
        <source>Negative prompt</source>
        <translation>负面提示词</translation>
    </message>
    <message>
        <source>Paste start image</source>
        <translation>粘贴起始图片</translation>
    </message>
    <message>
        <source>Remove start image</source>
        <translation>移除起始图片</translation>
    </message>
    <message>
        <source>Render 4 variations</source>
        <translation>渲染 4 个变体</translation>
    </message>
    <message>
        <source>Cancel what renders</source>
        <translation>取消正在渲染的</translation>
    </message>
    <message>
        <source>Pause what renders</source>
        <translation>暂停正在渲染的</translation>
    </message>
    <message>
        <source>Continue what is paused</source>
        <translation>继续已暂停的</translation>
    </message>
    <message>
        <source>Pause the queue now</source>
        <translation>立即暂停队列</translation>
    </message>
    <message>
        <source>Pause the queue after this one</source>
        <translation>这个完成之后暂停队列</translation>
    </message>
    <message>
        <source>Continue the queue</source>
        <translation>继续队列</translation>
    </message>
    <message>
        <source>Continue what is left from last time</source>
        <translation>继续上次剩下的</translation>
    </message>
    <message>
        <source>Roll a new seed</source>
        <translation>随机一个新种子</translation>
    </message>
    <message>
        <source>Advanced values</source>
        <translation>高级参数</translation>
    </message>
    <message>
        <source>Queue</source>
        <translation>队列</translation>
    </message>
    <message>
        <source>Library</source>
        <translation>视频库</translation>
    </message>
    <message>
        <source>Create column</source>
        <translation>创作栏</translation>
    </message>
    <message>
        <source>Queue and library column</source>
        <translation>队列和视频库栏</translation>
    </message>
    <message>
        <source>Full screen</source>
        <translation>全屏</translation>
    </message>
    <message>
        <source>Report a problem…</source>
        <translation>报告问题…</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>About Wan Desktop</source>
        <translation>关于 Wan Desktop</translation>
    </message>
</context>
<context>
    <name>again</name>
    <message>
        <source>As before</source>
        <translation>和原来一样</translation>
    </message>
    <message>
        <source>With less memory</source>
        <translation>用更少的内存</translation>
    </message>
    <message>
        <source>On the processor</source>
        <translation>用处理器</translation>
    </message>
    <message>
        <source>Develop the frames again</source>
        <translation>重新显影画面</translation>
    </message>
</context>
<context>
    <name>application</name>
    <message>
        <source>Wan Desktop is rendering here without a window.</source>
        <translation>Wan Desktop 正在没有窗口的情况下渲染。</translation>
    </message>
    <message>
        <source>A render was started from a terminal. The window can open as soon as its clip is done.</source>
        <translation>有一次渲染是从终端启动的。它的视频完成后窗口就能打开。</translation>
    </message>
    <message>
        <source>Open when it is done</source>
        <translation>完成后打开</translation>
    </message>
    <message>
        <source>Waiting for the render to finish…</source>
        <translation>正在等待渲染完成…</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>errors</name>
    <message>
        <source>The Wan Desktop that was rendering has ended. The job is in its queue: open the window.</source>
        <translation>负责渲染的 Wan Desktop 已结束。任务还在它的队列里：请打开窗口。</translation>
    </message>
    <message>
        <source>Another Wan Desktop is running with this library: close it, or turn on the API in its Settings.</source>
        <translation>另一个 Wan Desktop 正在使用这个视频库：请关闭它，或在它的“设置”中打开 API。</translation>
    </message>
    <message>
        <source>“{value}” is not a size: write width and height like 1280x704.</source>
        <translation>“{value}”不是尺寸：请把宽和高写成 1280x704 这样。</translation>
    </message>
    <message>
        <source>“{value}” is not a number: give a plain number for {field_name}.</source>
        <translation>“{value}”不是数字：请为“{field_name}”填一个普通数字。</translation>
    </message>
    <message>
        <source>{value} is no port: use 1 to 65535.</source>
        <translation>{value} 不是端口号：请用 1 到 65535。</translation>
    </message>
    <message>
        <source>There is no folder “{folder}”: name the one that your LoRAs are in.</source>
        <translation>没有文件夹“{folder}”：请指定存放 LoRA 的文件夹。</translation>
    </message>
    <message>
        <source>Paused.</source>
        <translation>已暂停。</translation>
    </message>
    <message>
        <source>Cancelled.</source>
        <translation>已取消。</translation>
    </message>
    <message>
        <source>The prompt is empty: write a sentence, or choose a start image.</source>
        <translation>提示词是空的：请写一句话，或选择起始图片。</translation>
    </message>
    <message>
        <source>The {name} has {count} characters: shorten it to {most} or fewer.</source>
        <translation>{name}有 {count} 个字符：请缩短到 {most} 个以内。</translation>
    </message>
    <message>
        <source>This model has no preset “{preset}”: choose one of {names}.</source>
        <translation>这个模型没有预设“{preset}”：请从 {names} 中选择。</translation>
    </message>
    <message>
        <source>There is no sampler “{sampler}”: choose one of {names}.</source>
        <translation>没有采样器“{sampler}”：请从 {names} 中选择。</translation>
    </message>
    <message>
        <source>There is no {field_name} “{value}”: choose one of {names}.</source>
        <translation>没有名为“{value}”的{field_name}：请从 {names} 中选择。</translation>
    </message>
    <message>
        <source>Width and height must be multiples of 32: instead of {side} use {below} or {above}.</source>
        <translation>宽和高必须是 32 的倍数：请把 {side} 改为 {below} 或 {above}。</translation>
    </message>
    <message>
        <source>Width and height must be between {low} and {high} for this model, not {side}.</source>
        <translation>这个模型的宽和高必须在 {low} 到 {high} 之间，不能是 {side}。</translation>
    </message>
    <message>
        <source>{width}×{height} is too large for this model: choose a size of at most {most} pixels a frame.</source>
        <translation>{width}×{height} 对这个模型来说太大：请选择每帧不超过 {most} 像素的尺寸。</translation>
    </message>
    <message>
        <source>Give either a number of seconds or a number of frames, not both.</source>
        <translation>秒数和帧数只能给一个。</translation>
    </message>
    <message>
        <source>The number of frames must be 4n+1: instead of {frames} use {below} or {above}.</source>
        <translation>帧数必须是 4n+1：请把 {frames} 改为 {below} 或 {above}。</translation>
    </message>
    <message>
        <source>{value} is outside the range of {field_name}: use {low} to {high}.</source>
        <translation>{value} 超出“{field_name}”的范围：请用 {low} 到 {high}。</translation>
    </message>
    <message>
        <source>{value} is not a whole number: give a whole number for {field_name}.</source>
        <translation>{value} 不是整数：请为“{field_name}”填一个整数。</translation>
    </message>
    <message>
        <source>The video could not be written ({detail}): render it again.</source>
        <translation>视频无法写入（{detail}）：请重新渲染。</translation>
    </message>
    <message>
        <source>Use a smaller size or fewer frames</source>
        <translation>用更小的尺寸或更少的帧数</translation>
    </message>
    <message>
        <source>The graphics card has too little free memory for this clip: use a smaller size or fewer frames.</source>
        <translation>显卡的空闲显存不足以渲染这个视频：请用更小的尺寸或更少的帧数。</translation>
    </message>
    <message>
        <source>The computer has too little free memory for this clip: use a smaller size or fewer frames.</source>
        <translation>电脑的空闲内存不足以渲染这个视频：请用更小的尺寸或更少的帧数。</translation>
    </message>
    <message>
        <source>The render stopped because of an unexpected error ({kind}: {detail}).</source>
        <translation>渲染因意外错误而停止（{kind}：{detail}）。</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>再试一次</translation>
    </message>
    <message>
        <source>The graphics card stopped working on this render ({detail}); a fresh render process is being started.</source>
        <translation>显卡在这次渲染中停止了工作（{detail}）；正在启动新的渲染进程。</translation>
    </message>
    <message>
        <source>The model folder {folder} is not there.</source>
        <translation>模型文件夹 {folder} 不存在。</translation>
    </message>
    <message>
        <source>Choose another model</source>
        <translation>选择另一个模型</translation>
    </message>
    <message>
        <source>The model in {folder} is not complete: {file} is missing.</source>
        <translation>{folder} 中的模型不完整：缺少 {file}。</translation>
    </message>
    <message>
        <source>The model in {folder} is damaged: {part} cannot be read. Copy it there again.</source>
        <translation>{folder} 中的模型已损坏：无法读取 {part}。请重新复制一份。</translation>
    </message>
    <message>
        <source>What was drawn for this clip is not there any more.</source>
        <translation>为这个视频绘制的内容已不在了。</translation>
    </message>
    <message>
        <source>The model&apos;s numbers overflowed in the precision “{precision}”, so there is no picture to show: use the exact one.</source>
        <translation>模型的数值在精度“{precision}”下溢出，没有画面可显示：请使用精确精度。</translation>
    </message>
    <message>
        <source>Use the exact precision</source>
        <translation>使用精确精度</translation>
    </message>
    <message>
        <source>The model&apos;s numbers overflowed, so there is no picture to show: use a lower guidance, another sampler or another seed.</source>
        <translation>模型的数值溢出，没有画面可显示：请降低引导强度、换一个采样器或种子。</translation>
    </message>
    <message>
        <source>Use a lower guidance</source>
        <translation>降低引导强度</translation>
    </message>
    <message>
        <source>What this job drew is no longer kept: render it again with the same seed.</source>
        <translation>这个任务绘制的内容已不再保存：请用相同的种子重新渲染。</translation>
    </message>
    <message>
        <source>Nothing is wrong with this job that this would mend.</source>
        <translation>这个任务没有可以用这种办法改好的问题。</translation>
    </message>
    <message>
        <source>This job is rendering: cancel it first.</source>
        <translation>这个任务正在渲染：请先取消它。</translation>
    </message>
    <message>
        <source>There is no job “{job}” in the queue.</source>
        <translation>队列中没有任务“{job}”。</translation>
    </message>
    <message>
        <source>Something unexpected happened: {why}</source>
        <translation>发生了意外情况：{why}</translation>
    </message>
    <message>
        <source>The render ended without a clip.</source>
        <translation>渲染结束了，但没有得到视频。</translation>
    </message>
    <message>
        <source>There is no folder {folder} for the copy: make it, or choose another one.</source>
        <translation>存放副本的文件夹 {folder} 不存在：请新建它，或另选一个。</translation>
    </message>
    <message>
        <source>Choose another folder</source>
        <translation>另选一个文件夹</translation>
    </message>
    <message>
        <source>The library is closed: start Wan Desktop again.</source>
        <translation>视频库已关闭：请重新启动 Wan Desktop。</translation>
    </message>
    <message>
        <source>The library&apos;s database in {folder} cannot be written ({why}): free some space and check the disk.</source>
        <translation>无法写入 {folder} 中的视频库数据库（{why}）：请释放一些空间并检查磁盘。</translation>
    </message>
    <message>
        <source>Free disk space</source>
        <translation>释放磁盘空间</translation>
    </message>
    <message>
        <source>The library&apos;s database failed ({why}): start Wan Desktop again, it is then checked and mended.</source>
        <translation>视频库的数据库出错（{why}）：请重新启动 Wan Desktop，启动时会检查并修复。</translation>
    </message>
    <message>
        <source>The unfinished file {path} cannot be removed ({why}): delete it.</source>
        <translation>未完成的文件 {path} 无法移除（{why}）：请手动删除。</translation>
    </message>
    <message>
        <source>The clip is no longer in the bin: its {days} days are over.</source>
        <translation>视频已不在回收站：{days} 天的期限已过。</translation>
    </message>
    <message>
        <source>The name of the library folder is no valid text: rename it: {folder}.</source>
        <translation>视频库文件夹的名称不是有效文本，请重命名：{folder}。</translation>
    </message>
    <message>
        <source>The library folder {folder} is not there: connect its disk, or choose another one in Settings.</source>
        <translation>视频库文件夹 {folder} 不存在：请接上它所在的磁盘，或在“设置”中另选一个。</translation>
    </message>
    <message>
        <source>Not enough disk space in {folder}: {needed} MB needed, {free} MB free. Free some space, or choose another folder.</source>
        <translation>{folder} 的磁盘空间不足：需要 {needed} MB，剩余 {free} MB。请释放一些空间，或另选一个文件夹。</translation>
    </message>
    <message>
        <source>The start image is no longer stored: choose the picture again.</source>
        <translation>起始图片已不在存储中：请重新选择图片。</translation>
    </message>
    <message>
        <source>The picture “{name}” cannot be read ({why}): allow reading it, or copy it.</source>
        <translation>无法读取图片“{name}”（{why}）：请允许读取，或复制一份。</translation>
    </message>
    <message>
        <source>The library&apos;s database {path} cannot be opened ({why}): close other programs that use it, and check its disk.</source>
        <translation>无法打开视频库的数据库 {path}（{why}）：请关闭正在使用它的其他程序，并检查磁盘。</translation>
    </message>
    <message>
        <source>The library was last used by a newer Wan Desktop: update this one. Nothing was changed.</source>
        <translation>视频库上次由更新版本的 Wan Desktop 使用：请更新本程序。没有做任何改动。</translation>
    </message>
    <message>
        <source>The video was not written as it should be ({why}): render it again.</source>
        <translation>视频没有正确写入（{why}）：请重新渲染。</translation>
    </message>
    <message>
        <source>The file {path} is not there: bring it back, or delete the clip.</source>
        <translation>文件 {path} 不存在：请把它放回去，或删除这个视频。</translation>
    </message>
    <message>
        <source>The video {name} cannot be read: it is damaged or no video.</source>
        <translation>无法读取视频 {name}：它已损坏，或不是视频。</translation>
    </message>
    <message>
        <source>The disk of {place} is full: free some space, then try again.</source>
        <translation>{place} 所在的磁盘已满：请释放一些空间后再试。</translation>
    </message>
    <message>
        <source>{place} cannot be written to: allow writing, or choose another folder.</source>
        <translation>无法写入 {place}：请允许写入，或另选一个文件夹。</translation>
    </message>
    <message>
        <source>{place} is not there: connect its disk or bring it back, or choose another folder.</source>
        <translation>{place} 不存在：请接上磁盘或把它放回去，或另选一个文件夹。</translation>
    </message>
    <message>
        <source>The disk refused {place} ({why}): check it, or choose another folder.</source>
        <translation>磁盘拒绝了 {place}（{why}）：请检查磁盘，或另选一个文件夹。</translation>
    </message>
    <message>
        <source>The picture “{name}” is damaged or cut short: choose another one, or save it again.</source>
        <translation>图片“{name}”已损坏或不完整：请换一张，或重新保存。</translation>
    </message>
    <message>
        <source>“{name}” is a folder or a device, not a picture: choose a picture file.</source>
        <translation>“{name}”是文件夹或设备，不是图片：请选择图片文件。</translation>
    </message>
    <message>
        <source>The picture “{name}” is empty (0 bytes): choose another one.</source>
        <translation>图片“{name}”是空的（0 字节）：请换一张。</translation>
    </message>
    <message>
        <source>The picture “{name}” is over {most} MB: save it smaller.</source>
        <translation>图片“{name}”超过 {most} MB：请存得小一些。</translation>
    </message>
    <message>
        <source>There is no picture at “{path}”: check the name, or choose another one.</source>
        <translation>“{path}”处没有图片：请检查名称，或换一张。</translation>
    </message>
    <message>
        <source>The picture “{name}” has over {most} megapixels: make it smaller first.</source>
        <translation>图片“{name}”超过 {most} 百万像素：请先缩小。</translation>
    </message>
    <message>
        <source>“{name}” is not a picture that can be read: use PNG, JPEG, WebP, AVIF, TIFF, GIF or BMP.</source>
        <translation>“{name}”不是可读取的图片：请用 PNG、JPEG、WebP、AVIF、TIFF、GIF 或 BMP。</translation>
    </message>
    <message>
        <source>There is no model folder {path}: check the name, or choose another model.</source>
        <translation>没有模型文件夹 {path}：请检查名称，或选择另一个模型。</translation>
    </message>
    <message>
        <source>{path} holds no model: choose a folder with model_index.json, or with the files of Wan2.2-TI2V-5B.</source>
        <translation>{path} 中没有模型：请选择含有 model_index.json 或 Wan2.2-TI2V-5B 各文件的文件夹。</translation>
    </message>
    <message>
        <source>The model in {path} is {kind}, which cannot be used here: choose a Wan2.2-TI2V-5B folder.</source>
        <translation>{path} 中的模型是 {kind}，这里无法使用：请选择 Wan2.2-TI2V-5B 文件夹。</translation>
    </message>
    <message>
        <source>{file} is a pickle, which can run programs on this computer: get the model as safetensors files.</source>
        <translation>{file} 是 pickle 文件，可能在这台电脑上运行程序：请获取 safetensors 格式的模型。</translation>
    </message>
    <message>
        <source>The model&apos;s file {file} is missing: download the model again, or choose another.</source>
        <translation>缺少模型文件 {file}：请重新下载模型，或另选一个。</translation>
    </message>
    <message>
        <source>The model&apos;s file {file} is damaged ({why}): download the model again, or choose another.</source>
        <translation>模型文件 {file} 已损坏（{why}）：请重新下载模型，或另选一个。</translation>
    </message>
    <message>
        <source>{file} holds more than weights: it could run programs on this computer, so it is not opened. Get the model as safetensors files.</source>
        <translation>{file} 中不只有权重：它可能在这台电脑上运行程序，因此没有打开。请获取 safetensors 格式的模型。</translation>
    </message>
    <message>
        <source>The render process no longer answered and was ended; a fresh one is being started.</source>
        <translation>渲染进程不再响应，已被结束；正在启动新的进程。</translation>
    </message>
    <message>
        <source>The computer&apos;s memory ran out, so the system ended the render process.</source>
        <translation>电脑的内存不足，系统结束了渲染进程。</translation>
    </message>
    <message>
        <source>Close other programs, or use a smaller size or fewer frames</source>
        <translation>关闭其他程序，或用更小的尺寸、更少的帧数</translation>
    </message>
    <message>
        <source>The system or another program ended the render process ({ending}); a fresh one is being started.</source>
        <translation>系统或其他程序结束了渲染进程（{ending}）；正在启动新的进程。</translation>
    </message>
    <message>
        <source>The render process crashed ({ending}); a fresh one is being started.</source>
        <translation>渲染进程崩溃了（{ending}）；正在启动新的进程。</translation>
    </message>
    <message>
        <source>The render process ended unexpectedly ({ending}); a fresh one is being started.</source>
        <translation>渲染进程意外结束（{ending}）；正在启动新的进程。</translation>
    </message>
    <message>
        <source>Another Wan Desktop uses this library but does not answer: close it, then try again.</source>
        <translation>另一个 Wan Desktop 正在使用这个视频库，但没有响应：请关闭它后再试。</translation>
    </message>
    <message>
        <source>Close the other Wan Desktop</source>
        <translation>关闭另一个 Wan Desktop</translation>
    </message>
    <message>
        <source>This is too much text: shorten the prompt.</source>
        <translation>文字太多：请缩短提示词。</translation>
    </message>
    <message>
        <source>Version {version} of Wan Desktop is running: close it first.</source>
        <translation>版本 {version} 的 Wan Desktop 正在运行：请先关闭它。</translation>
    </message>
    <message>
        <source>The Wan Desktop that was running has ended: try again.</source>
        <translation>原先运行的 Wan Desktop 已结束：请再试一次。</translation>
    </message>
    <message>
        <source>Wan Desktop is rendering here without a window.</source>
        <translation>Wan Desktop 正在没有窗口的情况下渲染。</translation>
    </message>
    <message>
        <source>Take over, or wait until it is done</source>
        <translation>接管它，或等它完成</translation>
    </message>
    <message>
        <source>Wan Desktop is open in a window and cannot be taken over.</source>
        <translation>Wan Desktop 的窗口开着，无法接管。</translation>
    </message>
    <message>
        <source>Close the window first</source>
        <translation>先关闭那个窗口</translation>
    </message>
    <message>
        <source>Wan Desktop is closing.</source>
        <translation>Wan Desktop 正在关闭。</translation>
    </message>
    <message>
        <source>The running Wan Desktop did not understand this request: {why}.</source>
        <translation>正在运行的 Wan Desktop 无法理解这个请求：{why}。</translation>
    </message>
    <message>
        <source>No local socket can be made ({why}): check the temporary folder.</source>
        <translation>无法建立本地套接字（{why}）：请检查临时文件夹。</translation>
    </message>
    <message>
        <source>The render process does not start: {why} The next render tries again.</source>
        <translation>渲染进程无法启动：{why}下次渲染时会再试。</translation>
    </message>
    <message>
        <source>Run “wan-desktop doctor” to see what is missing</source>
        <translation>运行“wan-desktop doctor”查看缺少什么</translation>
    </message>
    <message>
        <source>The video {path} has no frames: render it again.</source>
        <translation>视频 {path} 没有画面：请重新渲染。</translation>
    </message>
    <message>
        <source>Start again with the same seed</source>
        <translation>用相同的种子重新开始</translation>
    </message>
    <message>
        <source>What was kept of this render is damaged, so it cannot go on from there.</source>
        <translation>这次渲染保存的进度已损坏，无法从那里继续。</translation>
    </message>
    <message>
        <source>The LoRA {file} has changed since this render was kept: it would not be the same clip.</source>
        <translation>保存此渲染的进度之后，LoRA {file} 已被更改：继续的话不会得到同样的视频。</translation>
    </message>
    <message>
        <source>This render was kept with {library} {then} and this program has {now}: it would not be the same clip.</source>
        <translation>这次渲染的进度由 {library} {then} 保存，而本程序用的是 {now}：得到的不会是同一个视频。</translation>
    </message>
    <message>
        <source>The model has changed since this render was kept: it would not be the same clip.</source>
        <translation>保存进度之后模型已改变：得到的不会是同一个视频。</translation>
    </message>
    <message>
        <source>What was kept belongs to another render.</source>
        <translation>保存的进度属于另一次渲染。</translation>
    </message>
    <message>
        <source>What was kept of this render comes from another version of this program.</source>
        <translation>这次渲染的进度来自本程序的另一个版本。</translation>
    </message>
    <message>
        <source>it cannot be read as safetensors</source>
        <translation>无法作为 safetensors 读取</translation>
    </message>
    <message>
        <source>it is a LoKr, LoHa or DoRA, which is not supported</source>
        <translation>它是 LoKr、LoHa 或 DoRA，不受支持</translation>
    </message>
    <message>
        <source>it is no LoRA</source>
        <translation>它不是 LoRA</translation>
    </message>
    <message>
        <source>it was made for another model</source>
        <translation>它是为另一个模型制作的</translation>
    </message>
    <message>
        <source>The LoRA {file} cannot be used: {why}.</source>
        <translation>无法使用 LoRA {file}：{why}。</translation>
    </message>
    <message>
        <source>Leave the LoRA out</source>
        <translation>去掉这个 LoRA</translation>
    </message>
    <message>
        <source>there is no such file</source>
        <translation>没有这个文件</translation>
    </message>
    <message>
        <source>it is damaged, or no safetensors file</source>
        <translation>它已损坏，或不是 safetensors 文件</translation>
    </message>
    <message>
        <source>The LoRA {file} was made for {kind}: it does not fit Wan2.2-TI2V-5B.</source>
        <translation>LoRA {file} 是为 {kind} 制作的：不适用于 Wan2.2-TI2V-5B。</translation>
    </message>
    <message>
        <source>{path} is not on the list of models: see models list.</source>
        <translation>{path} 不在模型列表中：请查看 models list。</translation>
    </message>
    <message>
        <source>There is no part of Wan2.2-TI2V-5B in {path}: check the name.</source>
        <translation>{path} 中没有 Wan2.2-TI2V-5B 的任何部分：请检查名称。</translation>
    </message>
    <message>
        <source>{file} stores its weights in a way that cannot be read here ({how}): get them as fp16, bf16, fp8 or GGUF.</source>
        <translation>{file} 的权重存储方式（{how}）无法在此读取：请改用 fp16、bf16、fp8 或 GGUF 格式的文件。</translation>
    </message>
    <message>
        <source>{file} is {kind}, which cannot be used here: this program runs Wan2.2-TI2V-5B.</source>
        <translation>{file} 是 {kind}，这里无法使用：本程序运行的是 Wan2.2-TI2V-5B。</translation>
    </message>
    <message>
        <source>the VAE (wan2.2_vae.safetensors)</source>
        <translation>VAE（wan2.2_vae.safetensors）</translation>
    </message>
    <message>
        <source>the text encoder (umt5_xxl_fp8_e4m3fn_scaled.safetensors, for example)</source>
        <translation>文本编码器（例如 umt5_xxl_fp8_e4m3fn_scaled.safetensors）</translation>
    </message>
    <message>
        <source>a tokenizer (tokenizer.json or spiece.model; ComfyUI&apos;s text encoder has one inside)</source>
        <translation>分词器（tokenizer.json 或 spiece.model；ComfyUI 的文本编码器自带分词器）</translation>
    </message>
    <message>
        <source>{file} is here, but {part} is missing: get it, then look for models again.</source>
        <translation>已有 {file}，但缺少{part}：请获取它，然后再次查找模型。</translation>
    </message>
    <message>
        <source>The render process said nothing for {seconds} seconds and was ended; a fresh one is being started.</source>
        <translation>渲染进程 {seconds} 秒没有回应，已被结束；正在启动新的进程。</translation>
    </message>
    <message>
        <source>Another program, perhaps ComfyUI itself, has port {port}: choose another port, or close it.</source>
        <translation>端口 {port} 已被其他程序（可能就是 ComfyUI）占用：请换一个端口，或关闭该程序。</translation>
    </message>
    <message>
        <source>The API cannot listen on {address}:{port} ({why}): choose another port.</source>
        <translation>API 无法监听 {address}:{port}（{why}）：请换一个端口。</translation>
    </message>
    <message>
        <source>Choose another port</source>
        <translation>换一个端口</translation>
    </message>
    <message>
        <source>There are {most} uploaded pictures: remove some in {folder}.</source>
        <translation>已有 {most} 张上传的图片：请在 {folder} 中删除一些。</translation>
    </message>
    <message>
        <source>Uploaded pictures take over {most} MB: remove some in {folder}.</source>
        <translation>上传的图片已超过 {most} MB：请在 {folder} 中删除一些。</translation>
    </message>
    <message>
        <source>The picture “{name}” is gone: send it again.</source>
        <translation>图片“{name}”已不在：请重新发送。</translation>
    </message>
    <message>
        <source>The computer did not do it ({why}). Your clips are safe.</source>
        <translation>电脑没有照做（{why}）。你的视频都安全。</translation>
    </message>
    <message>
        <source>“{name}” is a workflow as ComfyUI&apos;s editor keeps it: export it there as “API”, then drop that file.</source>
        <translation>“{name}”是 ComfyUI 编辑器格式的工作流：请在那里导出为“API”格式，再拖入该文件。</translation>
    </message>
    <message>
        <source>“{name}” needs the node “{kind}” (number {ident}), which cannot be done here: take it out, or render it with ComfyUI.</source>
        <translation>“{name}”需要节点“{kind}”（编号 {ident}），此处无法执行：请去掉它，或用 ComfyUI 渲染。</translation>
    </message>
    <message>
        <source>“{name}” cannot be rendered here because of its node “{kind}” (number {ident}): {why}</source>
        <translation>“{name}”无法在此渲染，问题在节点“{kind}”（编号 {ident}）：{why}</translation>
    </message>
    <message>
        <source>“{name}” cannot be rendered here: {why}</source>
        <translation>“{name}”无法在此渲染：{why}</translation>
    </message>
    <message>
        <source>“{name}” cannot be read ({why}): bring it back, or allow reading it.</source>
        <translation>无法读取“{name}”（{why}）：请恢复该文件，或允许读取。</translation>
    </message>
    <message>
        <source>The server “{name}” says that it is done, but it has made no video.</source>
        <translation>服务器“{name}”称已完成，但没有生成视频。</translation>
    </message>
    <message>
        <source>The job was stopped on the server “{name}”, by somebody there.</source>
        <translation>任务在服务器“{name}”上被那里的人停止了。</translation>
    </message>
    <message>
        <source>The server “{name}” ran out of memory.</source>
        <translation>服务器“{name}”内存不足。</translation>
    </message>
    <message>
        <source>The render failed on the server “{name}”: {why}</source>
        <translation>在服务器“{name}”上渲染失败：{why}</translation>
    </message>
    <message>
        <source>There is no server “{name}” on the list: add it first.</source>
        <translation>列表中没有服务器“{name}”：请先添加。</translation>
    </message>
    <message>
        <source>Add it: wan-desktop remotes add NAME URL</source>
        <translation>添加它：wan-desktop remotes add NAME URL</translation>
    </message>
    <message>
        <source>“{name}” is no name for a server: use letters, digits and . _ - (not “any”).</source>
        <translation>“{name}”不能作为服务器名称：请用字母、数字和 . _ -（不能是“any”）。</translation>
    </message>
    <message>
        <source>A token is one word of plain characters: copy it again.</source>
        <translation>令牌是一个由普通字符组成的词：请重新复制。</translation>
    </message>
    <message>
        <source>A certificate is named by its SHA-256 fingerprint: 64 digits of 0-9 and a-f.</source>
        <translation>证书以 SHA-256 指纹表示：64 位十六进制数字（0-9 和 a-f）。</translation>
    </message>
    <message>
        <source>“{url}” is no address of a server: write it like https://studio.example or http://192.168.1.20:8188, without name and password.</source>
        <translation>“{url}”不是服务器地址：请写成 https://studio.example 或 http://192.168.1.20:8188 的形式，不要带用户名和密码。</translation>
    </message>
    <message>
        <source>it takes too long</source>
        <translation>耗时过长</translation>
    </message>
    <message>
        <source>nothing listens there</source>
        <translation>那里没有程序在监听</translation>
    </message>
    <message>
        <source>there is no way to that computer</source>
        <translation>无法到达那台电脑</translation>
    </message>
    <message>
        <source>there is no computer of that name</source>
        <translation>没有这个名称的电脑</translation>
    </message>
    <message>
        <source>it does not speak https there, perhaps http</source>
        <translation>那里不使用 https，也许是 http</translation>
    </message>
    <message>
        <source>The server “{name}” refuses this job: {why}</source>
        <translation>服务器“{name}”拒绝了这个任务：{why}</translation>
    </message>
    <message>
        <source>“{url}” is no address of a server.</source>
        <translation>“{url}”不是服务器地址。</translation>
    </message>
    <message>
        <source>The clip is no longer on the server “{name}”: render it again.</source>
        <translation>视频已不在服务器“{name}”上：请重新渲染。</translation>
    </message>
    <message>
        <source>The job was taken off the queue of the server “{name}”, by somebody there.</source>
        <translation>任务被服务器“{name}”那边的人移出了队列。</translation>
    </message>
    <message>
        <source>The server “{name}” has lost this job {count} times: look at its log.</source>
        <translation>服务器“{name}”已丢失此任务 {count} 次：请查看其日志。</translation>
    </message>
    <message>
        <source>The server “{name}” lacks the nodes {nodes}: update ComfyUI there.</source>
        <translation>服务器“{name}”缺少节点 {nodes}：请更新那里的 ComfyUI。</translation>
    </message>
    <message>
        <source>The server “{name}” has no model {file}; it has {has}.</source>
        <translation>服务器“{name}”没有模型 {file}；它有 {has}。</translation>
    </message>
    <message>
        <source>Put the file there, or choose one that it has</source>
        <translation>把文件放到那里，或选择它已有的</translation>
    </message>
    <message>
        <source>The server “{name}” lacks the file {file}; it has {has}.</source>
        <translation>服务器“{name}”缺少文件 {file}；它有 {has}。</translation>
    </message>
    <message>
        <source>Put the file there</source>
        <translation>把文件放到那里</translation>
    </message>
    <message>
        <source>The server “{name}” lacks the LoRA {files}: put it there first.</source>
        <translation>服务器“{name}”缺少 LoRA {files}：请先放到那里。</translation>
    </message>
    <message>
        <source>Check the server&apos;s address</source>
        <translation>检查服务器地址</translation>
    </message>
    <message>
        <source>Check the server&apos;s token</source>
        <translation>检查服务器令牌</translation>
    </message>
    <message>
        <source>Give it one that this computer trusts, or trust this one in Settings, Servers</source>
        <translation>请为它换上本机信任的证书，或在“设置”的“服务器”中信任此证书</translation>
    </message>
    <message>
        <source>The server “{name}” does not answer ({why}): see that it runs.</source>
        <translation>服务器“{name}”没有回应（{why}）：请确认它正在运行。</translation>
    </message>
    <message>
        <source>The certificate of the server “{name}” cannot be verified ({why}), so nothing was sent to it.</source>
        <translation>无法验证服务器“{name}”的证书（{why}），因此没有向它发送任何内容。</translation>
    </message>
    <message>
        <source>The server “{name}” shows another certificate than the one that you trust, so nothing was sent to it.</source>
        <translation>服务器“{name}”出示的证书不是您信任的那一个，因此没有向它发送任何内容。</translation>
    </message>
    <message>
        <source>The server “{name}” lets nobody in without the right token ({status}).</source>
        <translation>没有正确的令牌，服务器“{name}”不让任何人进入（{status}）。</translation>
    </message>
    <message>
        <source>The server “{name}” sends to another page ({place}), such as a login: give its token, or the address that answers itself.</source>
        <translation>服务器“{name}”转到了另一个页面（{place}），例如登录页：请提供令牌，或直接应答的地址。</translation>
    </message>
    <message>
        <source>Something before the server “{name}” answers that it is away ({status}): try later.</source>
        <translation>服务器“{name}”前面的设备回答说它不在（{status}）：请稍后再试。</translation>
    </message>
    <message>
        <source>The server “{name}” has no such page: is it ComfyUI&apos;s address?</source>
        <translation>服务器“{name}”没有这个页面：这是 ComfyUI 的地址吗？</translation>
    </message>
    <message>
        <source>The server “{name}” takes nothing that large.</source>
        <translation>服务器“{name}”不接收这么大的内容。</translation>
    </message>
    <message>
        <source>The server “{name}” answers with an error ({status}): look at its log.</source>
        <translation>服务器“{name}”回答出错（{status}）：请查看它的日志。</translation>
    </message>
    <message>
        <source>What answers at the address of “{name}” is not ComfyUI, perhaps a login page or a proxy.</source>
        <translation>在“{name}”的地址上应答的不是 ComfyUI，可能是登录页或代理。</translation>
    </message>
    <message>
        <source>The server “{name}” sent another clip than it was asked for: {found} instead of {wanted}.</source>
        <translation>服务器“{name}”发来的视频与要求不符：是 {found} 而不是 {wanted}。</translation>
    </message>
    <message>
        <source>What the server “{name}” sent is no whole video: render it again.</source>
        <translation>服务器“{name}”发来的不是完整的视频：请重新渲染。</translation>
    </message>
    <message>
        <source>“{name}” holds no recipe and no ComfyUI workflow: drop a clip made here, a workflow, or a picture.</source>
        <translation>“{name}”不含配方或 ComfyUI 工作流：请拖入在此制作的视频、工作流或图片。</translation>
    </message>
    <message>
        <source>There is no server “{name}” here any more, or not yet: add it.</source>
        <translation>这里已经没有（或还没有）服务器“{name}”：请添加。</translation>
    </message>
    <message>
        <source>Add the server, or render somewhere else</source>
        <translation>添加该服务器，或换个地方渲染</translation>
    </message>
    <message>
        <source>Close other programs that use the graphics card</source>
        <translation>关闭其他占用显卡的程序</translation>
    </message>
    <message>
        <source>This computer could not be measured: the measuring process ended early.</source>
        <translation>无法测量这台电脑：测量进程提前结束了。</translation>
    </message>
    <message>
        <source>There is no display for a window here. Rendering needs none; add to the command: render &quot;a red ball moving right over a blue background&quot;</source>
        <translation>这里没有可显示窗口的屏幕。渲染并不需要屏幕；请在命令后加上：render &quot;a red ball moving right over a blue background&quot;</translation>
    </message>
    <message>
        <source>There is no device “{value}”: choose auto, cpu, cuda, or cuda:0 and so on for one card.</source>
        <translation>没有设备“{value}”：请选择 auto、cpu、cuda，或用 cuda:0 之类指定一块显卡。</translation>
    </message>
</context>
<context>
    <name>jobs</name>
    <message>
        <source>From an image</source>
        <translation>由图片生成</translation>
    </message>
    <message>
        <source>was rendering when the app stopped</source>
        <translation>程序停止时正在渲染</translation>
    </message>
    <message>
        <source>Pausing after this step…</source>
        <translation>这一步之后暂停…</translation>
    </message>
    <message>
        <source>Pausing…</source>
        <translation>正在暂停…</translation>
    </message>
    <message>
        <source>{state} · drawn, its frames are still to be made</source>
        <translation>{state} · 已绘制完，画面还待显影</translation>
    </message>
    <message>
        <source>{state} at step {done} of {total}</source>
        <translation>{state} · 第 {done} 步，共 {total} 步</translation>
    </message>
    <message>
        <source>goes on with its frames</source>
        <translation>将从显影画面继续</translation>
    </message>
    <message>
        <source>goes on from step {done}</source>
        <translation>将从第 {done} 步继续</translation>
    </message>
    <message>
        <source>Goes on with its frames</source>
        <translation>从显影画面继续</translation>
    </message>
    <message>
        <source>Goes on from step {done} of {total}</source>
        <translation>从第 {done} 步继续，共 {total} 步</translation>
    </message>
    <message>
        <source>Continue from step {done}</source>
        <translation>从第 {done} 步继续</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Start again with the same seed</source>
        <translation>用相同的种子重新开始</translation>
    </message>
    <message>
        <source>Render again</source>
        <translation>重新渲染</translation>
    </message>
    <message>
        <source>Start again</source>
        <translation>重新开始</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>再试一次</translation>
    </message>
    <message>
        <source>nothing is known about why.</source>
        <translation>原因不明。</translation>
    </message>
    <message>
        <source>What helps: {action}</source>
        <translation>解决办法：{action}</translation>
    </message>
    <message>
        <source>{percent} %</source>
        <translation>{percent} %</translation>
    </message>
    <message>
        <source>{number}st</source>
        <translation>第 {number}</translation>
    </message>
    <message>
        <source>{number}nd</source>
        <translation>第 {number}</translation>
    </message>
    <message>
        <source>{number}rd</source>
        <translation>第 {number}</translation>
    </message>
    <message>
        <source>{number}th</source>
        <translation>第 {number}</translation>
    </message>
    <message>
        <source>frames made again</source>
        <translation>重新显影</translation>
    </message>
    <message>
        <source>Demo</source>
        <translation>演示</translation>
    </message>
    <message>
        <source>seed {seed}</source>
        <translation>种子 {seed}</translation>
    </message>
    <message>
        <source>{count} kB</source>
        <translation>{count} kB</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Remove from the queue</source>
        <translation>从队列移除</translation>
    </message>
</context>
<context>
    <name>notes</name>
    <message>
        <source>What was kept of this render is gone, so it starts again.</source>
        <translation>这次渲染保存的进度已不在，因此重新开始。</translation>
    </message>
    <message>
        <source>Every frame is black. If that is not what you asked for, try another seed or a lower guidance; the model&apos;s files may also be damaged.</source>
        <translation>所有画面都是黑的。如果这不是你想要的，请换一个种子或降低引导强度；也可能是模型文件已损坏。</translation>
    </message>
    <message>
        <source>Every frame has one even colour. If that is not what you asked for, try another seed, more steps or a lower guidance.</source>
        <translation>所有画面都是同一种颜色。如果这不是你想要的，请换一个种子、增加步数或降低引导强度。</translation>
    </message>
    <message>
        <source>Nothing moves: all frames are the same. If that is not what you asked for, say in the prompt what moves, or try another seed.</source>
        <translation>没有任何运动：所有画面都相同。如果这不是你想要的，请在提示词中写明什么在动，或换一个种子。</translation>
    </message>
    <message>
        <source>Develop again on the processor</source>
        <translation>改用处理器重新显影画面</translation>
    </message>
    <message>
        <source>Draw again in the exact precision</source>
        <translation>用精确的精度重新绘制</translation>
    </message>
    <message>
        <source>Draw again with every step computed</source>
        <translation>计算每一步，重新绘制</translation>
    </message>
    <message>
        <source>Draw again with {value} steps</source>
        <translation>用 {value} 步重新绘制</translation>
    </message>
    <message>
        <source>Draw again with guidance {value}</source>
        <translation>用引导强度 {value} 重新绘制</translation>
    </message>
    <message>
        <source>Draw again with another seed</source>
        <translation>换一个种子重新绘制</translation>
    </message>
    <message>
        <source>This system does not let Wan Desktop keep it awake: it may go to sleep in the middle of a render.</source>
        <translation>这个系统不允许 Wan Desktop 让它保持唤醒：渲染途中它可能会睡眠。</translation>
    </message>
    <message>
        <source>The settings in {path} could not be read: defaults are used.</source>
        <translation>无法读取 {path} 中的设置：使用默认值。</translation>
    </message>
    <message>
        <source>The settings were damaged: defaults are used, the old file is kept as {name}.</source>
        <translation>设置已损坏：使用默认值，旧文件保留为 {name}。</translation>
    </message>
    <message>
        <source>{first} {second}</source>
        <translation>{first}{second}</translation>
    </message>
    <message>
        <source>AMD graphics cards are not supported yet, so clips render on the processor.</source>
        <translation>尚不支持 AMD 显卡，因此用处理器渲染。</translation>
    </message>
    <message>
        <source>Apple&apos;s graphics processor is not supported yet, so clips render on the processor.</source>
        <translation>尚不支持 Apple 的图形处理器，因此用处理器渲染。</translation>
    </message>
    <message>
        <source>This PyTorch ({torch}) has no CUDA although an NVIDIA driver ({driver}) is here: install PyTorch&apos;s CUDA build to render on the graphics card.</source>
        <translation>这里有 NVIDIA 驱动（{driver}），但这个 PyTorch（{torch}）不带 CUDA：请安装 PyTorch 的 CUDA 版本，以便用显卡渲染。</translation>
    </message>
    <message>
        <source>This PyTorch ({torch}) has no code for {cards}, so clips render on the processor.</source>
        <translation>这个 PyTorch（{torch}）没有适用于 {cards} 的代码，因此用处理器渲染。</translation>
    </message>
    <message>
        <source>The NVIDIA driver ({driver}) does not work with this PyTorch ({torch}): update the driver. PyTorch says: {why}</source>
        <translation>NVIDIA 驱动（{driver}）与这个 PyTorch（{torch}）不能配合：请更新驱动。PyTorch 的提示：{why}</translation>
    </message>
    <message>
        <source>unknown version</source>
        <translation>版本未知</translation>
    </message>
    <message>
        <source>There is no usable GPU “{name}”, so clips render on the processor.</source>
        <translation>没有可用的 GPU“{name}”，因此用处理器渲染。</translation>
    </message>
    <message>
        <source>The {field_name} is longer than the {most} tokens this model reads; its last {count} words were cut: “{cut}”</source>
        <translation>{field_name}超出了此模型能读的 {most} 个词元；末尾的 {count} 个词被截去：“{cut}”</translation>
    </message>
    <message>
        <source>The {field_name} is longer than the {most} tokens this model reads; its last part was cut: “{cut}”</source>
        <translation>{field_name}超出了此模型能读的 {most} 个词元；末尾部分被截去：“{cut}”</translation>
    </message>
    <message>
        <source>What is done so far could not be kept on disk, so a crash would lose it. {why}</source>
        <translation>目前的进度无法保存到磁盘，一旦崩溃就会丢失。{why}</translation>
    </message>
    <message>
        <source>Memory ran out: it goes on with a plan that needs less and takes longer ({plan} of {plans}).</source>
        <translation>内存不足：改用占用更少但更慢的方案继续（第 {plan} 个，共 {plans} 个）。</translation>
    </message>
    <message>
        <source>Everything that was drawn is kept.</source>
        <translation>已绘制的内容全部保留。</translation>
    </message>
    <message>
        <source>It goes on after step {step} of {steps}.</source>
        <translation>从第 {step} 步之后继续（共 {steps} 步）。</translation>
    </message>
    <message>
        <source>It starts again.</source>
        <translation>将重新开始。</translation>
    </message>
    <message>
        <source>The library&apos;s database was damaged. {count} entries could be read and were kept, the old file is {name}; clips come back from their own files.</source>
        <translation>视频库的数据库已损坏。读出并保留了 {count} 条记录，旧文件是 {name}；视频会从各自的文件恢复。</translation>
    </message>
    <message>
        <source>{count} more were found in the backup {name}.</source>
        <translation>另在备份 {name} 中找到 {count} 条。</translation>
    </message>
    <message>
        <source>The library&apos;s database was damaged and is kept as {name}; the backup {backup} took its place. Clips that are newer come back from their own files.</source>
        <translation>视频库的数据库已损坏，保留为 {name}；已由备份 {backup} 代替。较新的视频会从各自的文件恢复。</translation>
    </message>
    <message>
        <source>exit code {code}</source>
        <translation>退出码 {code}</translation>
    </message>
    <message>
        <source>signal {number}</source>
        <translation>信号 {number}</translation>
    </message>
    <message>
        <source>signal {number}, {name}</source>
        <translation>信号 {number}，{name}</translation>
    </message>
    <message>
        <source>it ended {count} times with {ending}.</source>
        <translation>它已 {count} 次以“{ending}”结束。</translation>
    </message>
    <message>
        <source>“{name}” was already asked for this job: its answer is waited for.</source>
        <translation>此任务已经交给“{name}”：正在等待它的结果。</translation>
    </message>
    <message>
        <source>“{name}” no longer knows this job, as after a restart: it is sent again.</source>
        <translation>“{name}”已不知道此任务，可能重新启动过：任务会再次发送。</translation>
    </message>
    <message>
        <source>“{name}” was free and renders it.</source>
        <translation>“{name}”空闲，由它渲染。</translation>
    </message>
    <message>
        <source>It waits on “{name}” behind other jobs.</source>
        <translation>它在“{name}”上排在其他任务之后等待。</translation>
    </message>
    <message>
        <source>“{name}” cannot pause: it renders on, and the clip is fetched when you continue.</source>
        <translation>“{name}”不能暂停：它会继续渲染，等你继续时再取回视频。</translation>
    </message>
    <message>
        <source>“{name}” could not be told to stop: it may go on with the job.</source>
        <translation>无法通知“{name}”停止：它可能会继续做此任务。</translation>
    </message>
    <message>
        <source>“{name}” is an older ComfyUI, which can only stop whatever runs there: it renders the job to its end, so that nobody else&apos;s is stopped. Update it to have yours stopped.</source>
        <translation>“{name}”是较旧的 ComfyUI，只会停下那里正在运行的任务，不管是谁的：为了不停掉别人的任务，它会把这个任务渲染完。更新它之后就能停下自己的任务。</translation>
    </message>
    <message>
        <source>It goes on to another one.</source>
        <translation>改由另一个来渲染。</translation>
    </message>
    <message>
        <source>It is tried again.</source>
        <translation>会再次尝试。</translation>
    </message>
    <message>
        <source>“{name}” has no speed setting: it renders exactly.</source>
        <translation>“{name}”没有速度设置：它会精确渲染。</translation>
    </message>
    <message>
        <source>“{name}” decides itself in which precision it renders.</source>
        <translation>“{name}”自行决定以何种精度渲染。</translation>
    </message>
    <message>
        <source>“{name}” is ComfyUI, which has no sampler “{ours}” on the official schedule: {theirs} on “{schedule}” renders instead, and the clip looks different from one made here.</source>
        <translation>“{name}”是 ComfyUI，没有采用官方时间表的采样器“{ours}”：改由“{schedule}”上的 {theirs} 渲染，视频会与在这里制作的不同。</translation>
    </message>
    <message>
        <source>Some samplers are replaced there: {samplers}.</source>
        <translation>那里会替换部分采样器：{samplers}。</translation>
    </message>
    <message>
        <source>The same seed gives another clip than here.</source>
        <translation>同一个种子在那里得到的视频与这里不同。</translation>
    </message>
    <message>
        <source>it holds no frames</source>
        <translation>其中没有画面</translation>
    </message>
    <message>
        <source>the finished file cannot be read back</source>
        <translation>写成的文件无法读回</translation>
    </message>
    <message>
        <source>its {key} did not read back</source>
        <translation>其中的 {key} 读回后不一致</translation>
    </message>
    <message>
        <source>{found} instead of {wanted}</source>
        <translation>实际为{found}，应为{wanted}</translation>
    </message>
    <message>
        <source>{num_frames} frames, {fps} a second, {width}×{height}</source>
        <translation>{num_frames} 帧，每秒 {fps} 帧，{width}×{height}</translation>
    </message>
    <message>
        <source>{num_frames} frames, {width}×{height}</source>
        <translation>{num_frames} 帧，{width}×{height}</translation>
    </message>
</context>
<context>
    <name>quitting</name>
    <message>
        <source>A clip is rendering</source>
        <translation>正在渲染视频</translation>
    </message>
    <message>
        <source>A clip is rendering.</source>
        <translation>正在渲染视频。</translation>
    </message>
    <message>
        <source>What is done so far is kept: it goes on from there the next time. Waiting jobs stay in the queue.</source>
        <translation>已完成的部分会保存：下次从那里继续。等待的任务留在队列中。</translation>
    </message>
    <message>
        <source>Keep rendering</source>
        <translation>继续渲染</translation>
    </message>
    <message>
        <source>Stop and quit</source>
        <translation>停止并退出</translation>
    </message>
</context>
<context>
    <name>recipe</name>
    <message>
        <source>Everything in memory at once</source>
        <translation>全部同时放入内存</translation>
    </message>
    <message>
        <source>One part of the model after the other</source>
        <translation>模型的各部分依次载入</translation>
    </message>
    <message>
        <source>Blocks come and go</source>
        <translation>各块轮流进出</translation>
    </message>
    <message>
        <source>Blocks come and go, frames in tiles</source>
        <translation>各块轮流进出，画面分块显影</translation>
    </message>
    <message>
        <source>Blocks come and go, frames in smaller tiles</source>
        <translation>各块轮流进出，画面分更小的块显影</translation>
    </message>
    <message>
        <source>The least: blocks come and go, frames on the processor</source>
        <translation>最省：各块轮流进出，画面由处理器显影</translation>
    </message>
    <message>
        <source>Sampler: {theirs} instead of {ours}</source>
        <translation>采样器：{theirs}（代替 {ours}）</translation>
    </message>
    <message>
        <source>Speed: {theirs} instead of {ours}</source>
        <translation>速度：{theirs}（代替{ours}）</translation>
    </message>
    <message>
        <source>Precision: its own instead of {ours}</source>
        <translation>精度：由它自己决定（代替{ours}）</translation>
    </message>
    <message>
        <source>The seed gives another clip there than here</source>
        <translation>同一个种子在那里得到的视频与这里不同</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Software</source>
        <translation>软件</translation>
    </message>
    <message>
        <source>Otherwise there</source>
        <translation>那里不同之处</translation>
    </message>
    <message>
        <source>Sent as</source>
        <translation>传来的格式</translation>
    </message>
    <message>
        <source>Numbers</source>
        <translation>数值格式</translation>
    </message>
    <message>
        <source>Memory plan</source>
        <translation>内存方案</translation>
    </message>
    <message>
        <source>Peak memory</source>
        <translation>内存峰值</translation>
    </message>
    <message>
        <source>Sped up by</source>
        <translation>加速手段</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>用时</translation>
    </message>
    <message>
        <source>Went on</source>
        <translation>继续自</translation>
    </message>
    <message>
        <source>Model&apos;s hash</source>
        <translation>模型哈希</translation>
    </message>
    <message>
        <source>{count} GB</source>
        <translation>{count} GB</translation>
    </message>
    <message>
        <source>{total}, of which it waited {waited}</source>
        <translation>{total}，其中等待 {waited}</translation>
    </message>
    <message>
        <source>{seconds} s</source>
        <translation>{seconds} 秒</translation>
    </message>
    <message>
        <source>after step {step}</source>
        <translation>第 {step} 步之后</translation>
    </message>
</context>
<context>
    <name>reveal</name>
    <message>
        <source>It is in {folder}</source>
        <translation>它在 {folder} 中</translation>
    </message>
</context>
<context>
    <name>servers</name>
    <message>
        <source>by whoever is free</source>
        <translation>由空闲者渲染</translation>
    </message>
    <message>
        <source>on {name}</source>
        <translation>在 {name} 上</translation>
    </message>
    <message>
        <source>this computer</source>
        <translation>本机</translation>
    </message>
    <message>
        <source>{sentence} {way}.</source>
        <translation>{sentence}{way}。</translation>
    </message>
</context>
<context>
    <name>stages</name>
    <message>
        <source>Loading the model</source>
        <translation>正在加载模型</translation>
    </message>
    <message>
        <source>Reading the prompt</source>
        <translation>正在理解提示词</translation>
    </message>
    <message>
        <source>Drawing</source>
        <translation>正在绘制</translation>
    </message>
    <message>
        <source>Developing frames</source>
        <translation>正在显影画面</translation>
    </message>
    <message>
        <source>Saving</source>
        <translation>正在保存</translation>
    </message>
</context>
<context>
    <name>texts</name>
    <message>
        <source>Waiting</source>
        <translation>等待中</translation>
    </message>
    <message>
        <source>Rendering</source>
        <translation>渲染中</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>Cancelled</source>
        <translation>已取消</translation>
    </message>
    <message>
        <source>Interrupted</source>
        <translation>已中断</translation>
    </message>
    <message>
        <source>Loading the model</source>
        <translation>正在加载模型</translation>
    </message>
    <message>
        <source>Reading the prompt</source>
        <translation>正在理解提示词</translation>
    </message>
    <message>
        <source>Drawing</source>
        <translation>正在绘制</translation>
    </message>
    <message>
        <source>Developing frames</source>
        <translation>正在显影画面</translation>
    </message>
    <message>
        <source>Saving</source>
        <translation>正在保存</translation>
    </message>
    <message>
        <source>prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>negative prompt</source>
        <translation>负面提示词</translation>
    </message>
    <message>
        <source>size</source>
        <translation>尺寸</translation>
    </message>
    <message>
        <source>frames</source>
        <translation>帧数</translation>
    </message>
    <message>
        <source>seconds</source>
        <translation>秒数</translation>
    </message>
    <message>
        <source>fps</source>
        <translation>帧率</translation>
    </message>
    <message>
        <source>steps</source>
        <translation>步数</translation>
    </message>
    <message>
        <source>guidance</source>
        <translation>引导强度</translation>
    </message>
    <message>
        <source>shift</source>
        <translation>偏移</translation>
    </message>
    <message>
        <source>seed</source>
        <translation>种子</translation>
    </message>
    <message>
        <source>Official</source>
        <translation>官方</translation>
    </message>
    <message>
        <source>ComfyUI</source>
        <translation>ComfyUI</translation>
    </message>
    <message>
        <source>Draft</source>
        <translation>草稿</translation>
    </message>
    <message>
        <source>Strong guidance</source>
        <translation>强引导</translation>
    </message>
    <message>
        <source>Demo</source>
        <translation>演示</translation>
    </message>
    <message>
        <source>Standard</source>
        <translation>标准</translation>
    </message>
    <message>
        <source>Fast</source>
        <translation>快速</translation>
    </message>
    <message>
        <source>Fine</source>
        <translation>精细</translation>
    </message>
    <message>
        <source>Exact</source>
        <translation>精确</translation>
    </message>
    <message>
        <source>Eight bits (fp8)</source>
        <translation>八位（fp8）</translation>
    </message>
    <message>
        <source>Built-in demo</source>
        <translation>内置演示模型</translation>
    </message>
    <message>
        <source>{seconds} s</source>
        <translation>{seconds} 秒</translation>
    </message>
    <message>
        <source>{minutes} min {seconds} s</source>
        <translation>{minutes} 分 {seconds} 秒</translation>
    </message>
    <message>
        <source>{hours} h {minutes} min</source>
        <translation>{hours} 小时 {minutes} 分</translation>
    </message>
    <message>
        <source>{count} KB</source>
        <translation>{count} KB</translation>
    </message>
    <message>
        <source>{count} MB</source>
        <translation>{count} MB</translation>
    </message>
</context>
<context>
    <name>tips</name>
    <message>
        <source>Subject</source>
        <translation>主体</translation>
    </message>
    <message>
        <source>Motion</source>
        <translation>动作</translation>
    </message>
    <message>
        <source>Camera</source>
        <translation>镜头</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>光线</translation>
    </message>
    <message>
        <source>Style</source>
        <translation>风格</translation>
    </message>
    <message>
        <source>Colour</source>
        <translation>颜色</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Thing</source>
        <translation>物体</translation>
    </message>
    <message>
        <source>Background</source>
        <translation>背景</translation>
    </message>
    <message>
        <source>Weather</source>
        <translation>天气</translation>
    </message>
</context>
<context>
    <name>when_done</name>
    <message>
        <source>Do nothing</source>
        <translation>什么也不做</translation>
    </message>
    <message>
        <source>Quit Wan Desktop</source>
        <translation>退出 Wan Desktop</translation>
    </message>
    <message>
        <source>Put the computer to sleep</source>
        <translation>让电脑睡眠</translation>
    </message>
    <message>
        <source>Shut down the computer</source>
        <translation>关闭电脑</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>不做任何事</translation>
    </message>
    <message>
        <source>quit</source>
        <translation>退出程序</translation>
    </message>
    <message>
        <source>sleep</source>
        <translation>睡眠</translation>
    </message>
    <message>
        <source>shut down</source>
        <translation>关机</translation>
    </message>
</context>
</TS>
