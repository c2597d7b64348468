//! The report for people, read as a person would.

use cleanbill_core::Language;
use cleanbill_documents::{
    reports::Detail,
    terminal::{Color, columns},
};

use crate::fixture::{Case, calm, empty, render, rich};

#[test]
fn human_in_english() {
    insta::assert_snapshot!(render("human", &rich(), &Case::default()), @r#"
FAIL  a/<script>alert('x')</script>|`@team`\u{1b}[2J\u{202e}]](javascript:x) &
      "q".pkl: imports
      a/<script>alert('x')</script>|`@team`\u{1b}[2J\u{202e}]](javascript:x) &
      "q".pkl (critical), and 1 more
./release <1>: 5 artifacts, 602.8 KiB: 3 examined in full, 1 in part, 1 not at
all

Findings: 2 critical, 9 medium, 1 low, 1 info

a/<script>alert('x')</script>|`@team`\u{1b}[2J\u{202e}]](javascript:x) & "q".pkl  (zip pickle, 120.5 KiB)
  critical  imports
            a/<script>alert('x')</script>|`@team`\u{1b}[2J\u{202e}]](javascript:x)
            & "q".pkl
    where  a/<script>alert('x')</script>|`@team`\u{1b}[2J\u{202e}]](javascript:x)
           & "q".pkl, bytes 2-18
    seen   a/<script>alert('x')</script>|`@team`\u{1b}[2J\u{202e}]](javascript:x)
           & "q".pkl
    why    Loading a pickle calls what it imports: the code runs before anyone
           sees a tensor.
    do     do not load it; ask the supplier for safetensors
    rule   pickle-unsafe-import (sure, CWE-502, AML.T0011.000)

model/weights.bin  (zip pickle, 120.5 KiB)
  critical  imports `posix.system`
    where  archive/data.pkl, bytes 2-18
    seen   posix.system
    do     do not load it; ask the supplier for safetensors
    rule   pickle-unsafe-import (sure, CWE-502, AML.T0011.000)
  medium  an offset points past the end
    where  byte 0
    seen   offset 0
    where  byte 10
    seen   offset 10
    where  byte 20
    seen   offset 20
    … 6 more places like this
    why    A person should look before it is used.
    do     have a person look before it is used
    rule   damaged-structure (sure, CWE-502)

model/config.json  (zip pickle, 120.5 KiB)
  low  names a remote address
    why    It is unusual, without a known way to do harm.
    rule   unheard-of (a hint only, CWE-502)
  info  repeats a key
    where  bytes 2-18
    why    It is a fact worth knowing.
    rule   unusual-structure (sure, CWE-502)

Not examined
  model/locked.bin (skipped)
    - cannot open: permission denied
  model/weights.bin (partial)
    - an offset points past the end (at byte 0)

… see everything with `--all`, or with another report such as `--format html`

What this report does not say
  - A scan without findings is not proof of a harmless model.
  - A signature proves origin and integrity, not safety.
  - An attested control is as good as its evidence and its date.
"#);
}

#[test]
fn human_in_chinese() {
    let case = Case {
        language: Language::Chinese,
        ..Case::default()
    };
    insta::assert_snapshot!(render("human", &rich(), &case), @r#"
不通过  a/<script>alert('x')</script>|`@team`\u{1b}[2J\u{202e}]](javascript:x) &
        "q".pkl：导入
        a/<script>alert('x')</script>|`@team`\u{1b}[2J\u{202e}]](javascript:x) &
        "q".pkl（严重），另有 1 个
./release <1>：5 个文件，602.8 KiB：3 个完整检查，1 个部分检查，1 个未检查

发现：2 严重，9 中危，1 低危，1 提示

a/<script>alert('x')</script>|`@team`\u{1b}[2J\u{202e}]](javascript:x) & "q".pkl  (zip pickle, 120.5 KiB)
  严重  导入
        a/<script>alert('x')</script>|`@team`\u{1b}[2J\u{202e}]](javascript:x) &
        "q".pkl
    位置   a/<script>alert('x')</script>|`@team`\u{1b}[2J\u{202e}]](javascript:x)
           & "q".pkl，第 2-18 字节
    依据   a/<script>alert('x')</script>|`@team`\u{1b}[2J\u{202e}]](javascript:x)
           & "q".pkl
    原因   加载 pickle 会调用其导入的对象：在看到任何张量之前代码就已运行。
    处理   请勿加载；向供应方索取 safetensors 文件
    规则   pickle-unsafe-import（确定，CWE-502，AML.T0011.000）

model/weights.bin  (zip pickle, 120.5 KiB)
  严重  导入 `posix.system`
    位置   archive/data.pkl，第 2-18 字节
    依据   posix.system
    处理   请勿加载；向供应方索取 safetensors 文件
    规则   pickle-unsafe-import（确定，CWE-502，AML.T0011.000）
  中危  偏移量超出文件末尾
    位置   第 0 字节
    依据   offset 0
    位置   第 10 字节
    依据   offset 10
    位置   第 20 字节
    依据   offset 20
    … 6 处相同
    原因   使用之前应由人确认。
    处理   使用前请人工确认
    规则   damaged-structure（确定，CWE-502）

model/config.json  (zip pickle, 120.5 KiB)
  低危  引用了远程地址
    原因   不常见，但尚无已知的危害方式。
    规则   unheard-of（仅为线索，CWE-502）
  提示  键重复
    位置   第 2-18 字节
    原因   值得了解的事实。
    规则   unusual-structure（确定，CWE-502）

未检查的内容
  model/locked.bin（未检查）
    - 无法打开：权限不足
  model/weights.bin（部分）
    - 偏移量超出文件末尾（第 0 字节）

… 用 `--all` 查看全部内容，或改用其他报告，例如 `--format html`

本报告不能说明的事
  - 没有发现不等于证明模型无害。
  - 签名证明来源和完整性，不证明安全。
  - 经证明的控制措施，其可信程度取决于证据及其日期。
"#);
}

#[test]
fn human_without_findings() {
    insta::assert_snapshot!(render("human", &calm(), &Case::default()), @r#"
PASS  1 artifact examined, no findings
model.safetensors: 1 artifact, 120.5 KiB

No findings.

Everything was examined.

What this report does not say
  - A scan without findings is not proof of a harmless model.
  - A signature proves origin and integrity, not safety.
  - An attested control is as good as its evidence and its date.
"#);
    insta::assert_snapshot!(render("human", &empty(), &Case::default()), @r#"
INCOMPLETE  no input: there was nothing to examine
empty: 0 artifacts, 0 B

No findings.

no input: there was nothing to examine

What this report does not say
  - A scan without findings is not proof of a harmless model.
  - A signature proves origin and integrity, not safety.
  - An attested control is as good as its evidence and its date.
"#);
}

#[test]
fn markdown() {
    insta::assert_snapshot!(render("markdown", &rich(), &Case::default()), @r#"
## ❌ Cleanbill: FAIL

**a/&lt;script&gt;alert('x')&lt;/script&gt;\|`@team`\\u{1b}\[2J\\u{202e}\]\](javascript:x) &amp; "q".pkl: imports a/&lt;script&gt;alert('x')&lt;/script&gt;\|`@team`\\u{1b}\[2J\\u{202e}\]\](javascript:x) &amp; "q".pkl (critical), and 1 more**

Target: `./release <1>` (5 artifacts, 602.8 KiB: 3 examined in full, 1 in part, 1 not at all)

### Findings: 2 critical, 9 medium, 1 low, 1 info

| Severity | Where | What was found | Why it matters | What to do | Detector |
| --- | --- | --- | --- | --- | --- |
| **critical** | ``a/<script>alert('x')</script>\|`@team`\u{1b}[2J\u{202e}]](javascript:x) & "q".pkl``<br>``a/<script>alert('x')</script>\|`@team`\u{1b}[2J\u{202e}]](javascript:x) & "q".pkl``, bytes 2-18 | imports a/&lt;script&gt;alert('x')&lt;/script&gt;\|`@team`\\u{1b}\[2J\\u{202e}\]\](javascript:x) &amp; "q".pkl<br>``a/<script>alert('x')</script>\|`@team`\u{1b}[2J\u{202e}]](javascript:x) & "q".pkl`` | Loading a pickle calls what it imports: the code runs before anyone sees a tensor. | do not load it; ask the supplier for safetensors | `pickle-unsafe-import` |
| **critical** | `model/weights.bin`<br>`archive/data.pkl`, bytes 2-18 | imports `posix.system`<br>`posix.system` | Loading a pickle calls what it imports: the code runs before anyone sees a tensor. | do not load it; ask the supplier for safetensors | `pickle-unsafe-import` |
| **medium** | `model/weights.bin`<br>byte 0<br>byte 10<br>byte 20<br>byte 30<br>byte 40<br>… 4 more places | an offset points past the end<br>`offset 0`<br>`offset 10`<br>`offset 20`<br>`offset 30`<br>`offset 40` | A person should look before it is used. | have a person look before it is used | `damaged-structure` |
| **low** | `model/config.json` | names a remote address | It is unusual, without a known way to do harm. |  | `unheard-of` |
| **info** | `model/config.json`<br>bytes 2-18 | repeats a key | It is a fact worth knowing. |  | `unusual-structure` |

### Not examined

| Artifact | Examined | Reason |
| --- | --- | --- |
| `model/locked.bin` | skipped | cannot open: permission denied |
| `model/weights.bin` | partial | an offset points past the end (at byte 0) |

### What this report does not say

- A scan without findings is not proof of a harmless model.
- A signature proves origin and integrity, not safety.
- An attested control is as good as its evidence and its date.

<sub>Made by: cleanbill 0.0.0, detectors abababababab</sub>
"#);
}

#[test]
fn quiet_is_one_line() {
    let case = Case {
        detail: Detail::Verdict,
        ..Case::default()
    };
    assert_eq!(render("human", &rich(), &case).lines().count(), 1);
}

#[test]
fn colour_changes_nothing_but_colour() {
    let colored = render(
        "human",
        &rich(),
        &Case {
            color: Color::Ansi,
            ..Case::default()
        },
    );
    let mut plain = String::new();
    let mut rest = colored.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    assert_eq!(plain, render("human", &rich(), &Case::default()));
}

#[test]
fn lines_keep_to_the_width() {
    for language in [Language::English, Language::Chinese] {
        for line in render(
            "human",
            &rich(),
            &Case {
                width: 60,
                language,
                ..Case::default()
            },
        )
        .lines()
        {
            // Names and other text without a space are not broken, so that they can be copied.
            let breakable = line
                .trim_start()
                .chars()
                .filter(|character| *character == ' ')
                .count()
                > 3;
            assert!(
                columns(line) <= 60 || !breakable || line.contains("script"),
                "{line}"
            );
        }
    }
}
