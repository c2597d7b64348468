//! What instructions to a model or an agent look like.

use super::Want;

/// What follows each other, with at most so many words between; alternatives are divided by `|`, `*` stands for any ending.
pub(super) struct Pattern {
    pub(super) want: Want,
    pub(super) parts: &'static [(&'static str, usize)],
}

const fn pattern(want: Want, parts: &'static [(&'static str, usize)]) -> Pattern {
    Pattern { want, parts }
}

pub(super) const PATTERNS: &[Pattern] = &[
    pattern(
        Want::Override,
        &[
            (
                "ignore|ignoring|disregard*|forget|override|overrides|bypass|discard|supersede*",
                0,
            ),
            (
                "previous|prior|above|earlier|preceding|system|original|existing|safety|your|other",
                3,
            ),
            (
                "instruction*|prompt*|rules|rule|guideline*|direction*|directive*|restriction*|polic*",
                3,
            ),
        ],
    ),
    pattern(
        Want::Override,
        &[
            (
                "ignora*|ignorez|ignoriere*|olvida|oubliez|vergiss|игнорируй*|забудь",
                0,
            ),
            ("instruc*|anweisung*|инструкц*", 4),
        ],
    ),
    pattern(
        Want::Override,
        &[
            ("you", 0),
            ("are", 0),
            ("now", 0),
            ("dan|unrestricted|jailbroken|evil|developer", 3),
        ],
    ),
    pattern(
        Want::Conceal,
        &[
            ("not|never|don't|dont|without|avoid|refrain", 0),
            (
                "tell*|mention*|inform*|reveal*|disclos*|notify*|notifi*|alert*|warn*|let|show|explain*",
                2,
            ),
            (
                "user|user's|users|human|humans|anyone|operator|person|customer|developer",
                6,
            ),
        ],
    ),
    pattern(
        Want::Conceal,
        &[
            ("not|never|don't|dont|without", 0),
            ("mention*|reveal*|disclos*|acknowledg*|explain*", 1),
            ("this|these|that|why|it", 0),
            (
                "instruction*|step*|action*|behavior|behaviour|rule*|note|block|code|change*|addition*|message|to|request",
                1,
            ),
        ],
    ),
    pattern(
        Want::Conceal,
        &[
            ("hide|hidden|conceal*|invisible|secret", 0),
            ("from|to", 5),
            ("user|users|human|anyone|operator|person|customer", 1),
        ],
    ),
    pattern(
        Want::Conceal,
        &[
            ("user|users|human|operator|they", 0),
            ("must|should|shall|will|need|may|does|do", 1),
            ("not|never", 0),
            ("know|see|notice|learn|realize|realise|aware", 2),
        ],
    ),
    pattern(
        Want::Conceal,
        &[
            (
                "silently|secretly|quietly|covertly|discreetly|invisibly|stealthily",
                0,
            ),
            (
                "send*|upload*|read*|forward*|run|execut*|copy|copies|append*|post|insert*|collect*|transmit*|install*|fetch*|download*|record*|bcc|add",
                2,
            ),
        ],
    ),
    pattern(
        Want::Conceal,
        &[
            ("act|behave|respond|continue|proceed|pretend", 0),
            ("as|normally", 2),
            ("if|though|nothing", 1),
            ("nothing|happened|normal*|usual", 3),
        ],
    ),
    pattern(
        Want::Smuggle,
        &[
            (
                "pass|put|include|provide|add|insert|append|place|supply|paste|encode",
                0,
            ),
            (
                "content*|it|its|them|text|result|output|value*|history|conversation|prompt|key*",
                6,
            ),
            (
                "sidenote|parameter|argument|field|note|metadata|query|'sidenote'|context|url|link",
                9,
            ),
        ],
    ),
    pattern(
        Want::Send,
        &[
            (
                "send*|post|posts|upload*|forward*|transmit*|exfiltrat*|leak*|email*|mail*|submit*|deliver*|report*|copy|bcc|curl|wget|fetch|share",
                0,
            ),
            ("http://*|https://*|*@*.*|webhook*", 16),
        ],
    ),
    pattern(
        Want::Disarm,
        &[
            ("skip*|bypass*|disable*|ignore*|without|suppress*", 0),
            (
                "confirmation*|approval*|permission*|sandbox*|guardrail*|safety|consent",
                3,
            ),
            (
                "prompt*|check*|dialog*|filter*|control*|from|step*|guardrail*|mode|request*|and|for",
                1,
            ),
        ],
    ),
    pattern(
        Want::Disarm,
        &[
            ("always|automatically", 0),
            ("approve|accept|allow|confirm|answer", 1),
            ("all|any|every|yes", 2),
        ],
    ),
];

/// Texts that tell by themselves, in the one form.
pub(super) const TELLING: &[(Want, &str)] = &[
    (Want::Secret, "~/.ssh"),
    (Want::Secret, ".ssh/id_"),
    (Want::Secret, "id_rsa"),
    (Want::Secret, "id_ed25519"),
    (Want::Secret, ".aws/credentials"),
    (Want::Secret, "/etc/passwd"),
    (Want::Secret, "/etc/shadow"),
    (Want::Secret, ".cursor/mcp.json"),
    (Want::Secret, ".claude.json"),
    (Want::Secret, "claude_desktop_config"),
    (Want::Secret, ".git-credentials"),
    (Want::Secret, ".kube/config"),
    (Want::Secret, ".netrc"),
    (Want::Secret, ".config/gcloud"),
    (Want::Secret, ".docker/config.json"),
    (Want::Secret, "wallet.dat"),
    (Want::Secret, "login.keychain"),
    (Want::Secret, "printenv"),
    (Want::Secret, "/proc/self/environ"),
    (Want::Secret, "169.254.169.254"),
    (Want::Attack, "/dev/tcp/"),
    (Want::Attack, "nc -e"),
    (Want::Attack, "powershell -e"),
    (Want::Attack, "powershell.exe -e"),
    (Want::Attack, "powershell -w hidden"),
    (Want::Attack, "rm -rf ~"),
    (Want::Attack, "rm -rf / "),
    (Want::Attack, "authorized_keys"),
    (Want::Attack, "bash -i >&"),
    (Want::Mark, "<important>"),
    (Want::Mark, "<system>"),
    (Want::Mark, "<secret>"),
    (Want::Mark, "<|im_start|>"),
    (Want::Mark, "[system]"),
    (Want::Mark, "<system-reminder>"),
    (Want::Conceal, "不要告诉用户"),
    (Want::Conceal, "不要让用户知道"),
    (Want::Conceal, "不要向用户提及"),
    (Want::Conceal, "对用户隐瞒"),
    (Want::Override, "忽略之前的"),
    (Want::Override, "忽略以上"),
    (Want::Override, "忽略所有指令"),
    (Want::Override, "忽略先前"),
    (Want::Override, "以前の指示を無視"),
    (Want::Override, "これまでの指示を無視"),
];
