//! The sentences of `phrases`, each a row: what it wants, what it weighs, and its words.

use super::phrases::{Want, Weight};

/// Sentences. Words follow each other; alternatives are divided by `|`, `*` stands for any ending, and the number before them says how
/// many other words may come between.
pub(super) const PATTERNS: &[(Want, Weight, &str)] = &[
    (
        Want::Override,
        Weight::High,
        "ignore|disregard|forget; 3 previous|previously|prior|above|earlier|preceding|foregoing|past; 3 instruction*|prompt|prompts|rules|guideline*|directions|directive*|restriction*|programming|training|constraint*|policies",
    ),
    (
        Want::Override,
        Weight::Medium,
        "ignore|disregard|forget; 0 all|any|every|these|the; 2 other|system|current|existing|safety|given; 2 instruction*|prompts|guideline*|directive*|restriction*|programming",
    ),
    (
        Want::Override,
        Weight::Medium,
        "ignore|disregard|forget; 0 all|every; 2 instruction*|prompts|guideline*|directive*|restriction*|programming",
    ),
    (
        Want::Override,
        Weight::High,
        "ignore|disregard|forget; 2 your; 3 instruction*|guideline*|programming|training|rules|prompt|prompts|restriction*|constraint*|directive*|ethic*|safety|polic*",
    ),
    (
        Want::Override,
        Weight::Medium,
        "override|overrule|bypass|discard|overlook|neglect|delete|erase|cancel|ignore|disregard|forget; 3 previous|prior|earlier|preceding|safety|original|system|your|initial|existing; 2 instruction*|prompt|prompts|guideline*|directive*|programming|guardrail*",
    ),
    (
        Want::Override,
        Weight::Medium,
        "ignore|disregard|forget; 1 everything|anything; 4 above|prior|previously|told|before",
    ),
    (
        Want::Override,
        Weight::Medium,
        "ignore|disregard; 1 above; 0 and|instead|direction|directions|instruction*|text|prompt",
    ),
    (
        Want::Override,
        Weight::Medium,
        "stop; 0 following|obeying; 2 previous|prior|your|earlier|above; 2 instruction*|rules|guideline*|prompt",
    ),
    (
        Want::Override,
        Weight::Medium,
        "previous|prior|earlier|above; 1 instruction*|rules|guideline*|directive*; 0 are|is; 2 void|cancelled|canceled|revoked|obsolete|invalid|null",
    ),
    (
        Want::Override,
        Weight::Medium,
        "ignora|ignore|ignorez|ignoriere|ignorieren|olvida|oubliez|vergiss|dimentica|esqueça; 4 instruccion*|instruções|istruzioni|anweisung*|consigne*|instructions; 2 anterior*|pr\u{e9}c\u{e9}dent*|previas|precedent*|previos|sistema",
    ),
    (
        Want::Override,
        Weight::Medium,
        "ignoriere|ignorieren|vergiss; 2 vorherig*|bisherig*|obig*|vorangegangen*|fr\u{fc}heren; 1 anweisung*|instruktion*|regeln|befehl*",
    ),
    (
        Want::Override,
        Weight::Medium,
        "игнорируй*|Игнорируй*|забудь*|Забудь*; 2 предыдущ*|прежн*|вышеуказанн*|прошл*; 2 инструкц*|указани*|команд*|правил*",
    ),
    (
        Want::Reveal,
        Weight::Medium,
        "reveal|print|repeat|show|output|display|disclose|tell|leak|dump|expose|share|give|recite|return|write|quote|provide; 3 your; 2 system|initial|original|hidden|secret|internal|confidential|exact|developer; 3 prompt|prompts|instruction*|message|messages|guideline*|directive*",
    ),
    (
        Want::Reveal,
        Weight::Joint,
        "reveal|print|repeat|show|output|display|disclose|leak|dump|expose|recite|quote; 3 system|initial|hidden|your|secret*; 2 prompt|instruction*|secret*|configuration|key|keys|credential*|password*",
    ),
    (
        Want::Reveal,
        Weight::Joint,
        "repeat|recite; 2 everything|words|text; 1 above",
    ),
    (
        Want::Persona,
        Weight::Medium,
        "you; 0 are; 0 now; 4 dan|unrestricted|jailbroken|unfiltered|uncensored|evil|unbound|stan|dude",
    ),
    (
        Want::Persona,
        Weight::Medium,
        "you; 0 are|can; 1 now; 2 developer|jailbreak|god|dan|unrestricted|debug|admin; 0 mode",
    ),
    (Want::Persona, Weight::Medium, "do; 0 anything; 0 now"),
    (
        Want::Persona,
        Weight::Medium,
        "act|pretend|behave|respond|roleplay; 2 as|be|like; 2 unrestricted|unfiltered|uncensored|jailbroken|amoral|dan",
    ),
    (
        Want::Persona,
        Weight::Medium,
        "you; 0 are; 1 longer; 0 bound|restricted|constrained|limited; 0 by",
    ),
    (
        Want::Persona,
        Weight::Joint,
        "you; 0 have|are|without; 0 no; 2 restriction*|filter*|limitation*|censorship|ethical|rules",
    ),
    (
        Want::Obey,
        Weight::Medium,
        "your; 0 new|updated|real|actual|true|only; 1 instruction*|task|goal|objective|directive*|role|purpose|orders; 0 is|are",
    ),
    (
        Want::Obey,
        Weight::Joint,
        "new|updated|revised; 1 instruction*|directive*|task|rules",
    ),
    (
        Want::Obey,
        Weight::Joint,
        "from|as; 1 now|moment; 2 you; 0 will|must|are|should|shall|answer|respond|act|only",
    ),
    (
        Want::Obey,
        Weight::Joint,
        "system|admin|administrator|developer; 0 override|overide|message|note|instruction*|command|notice|alert",
    ),
    (
        Want::Conceal,
        Weight::Low,
        "not|never|don't|dont; 0 tell|mention|inform|reveal|disclose|notify|alert|warn|let; 4 user|users|customer",
    ),
    (
        Want::Conceal,
        Weight::Low,
        "without; 0 telling|informing|notifying|alerting|asking|mentioning; 3 user|users|human",
    ),
    (
        Want::Conceal,
        Weight::Joint,
        "silently|secretly|quietly|covertly|stealthily; 2 send*|upload*|read*|forward*|run|execut*|copy|append*|post|insert*|collect*|transmit*|install*|fetch*|include|add|bcc|call",
    ),
    (
        Want::Send,
        Weight::Joint,
        "send|post|upload|forward|transmit|exfiltrate|leak|email|submit|deliver|append|encode|pass|copy|include|put; 8 conversation*|history|prompt*|credential*|password*|secret*|token*|key|keys|cookie*|contents|data|messages|chat|env|environment|file|files|address*|everything|it|them|results; 6 to|in|into|at|as|via; 5 http|https|webhook*|url|link|attacker*|server|endpoint|parameter|query|image|www",
    ),
    (
        Want::Send,
        Weight::Joint,
        "send|forward|transfer|wire|pay|email|transmit|exfiltrate|upload; 5 conversation*|credential*|password*|secret*|token*|keys|cookie*|funds|money|wallet|bitcoin",
    ),
    (
        Want::Address,
        Weight::Joint,
        "ai|llm|llms|gpt|chatgpt|claude|gemini|copilot|assistants|chatbot*|chatbots|bots|agents; 5 must|should|recommend|give|say|output|respond|answer|rate|mention|ignore|always|only|describe|rank|accept|approve|do|please|note|read|click|reviewing|reading",
    ),
    (
        Want::Address,
        Weight::Joint,
        "if; 0 you; 0 are; 2 ai|llm|language|chatbot|assistant|agent|gpt*",
    ),
    (
        Want::Address,
        Weight::Joint,
        "give|write|output|provide|generate|assign|recommend; 3 positive|favorable|favourable|highest|best|acceptance|accept; 2 review*|rating*|score*|recommendation|candidate|only",
    ),
    (
        Want::Address,
        Weight::Joint,
        "always|must|only; 1 recommend|answer|respond|say|reply|mention|click|call|run|execute|include",
    ),
    (
        Want::Address,
        Weight::Joint,
        "do; 0 not|n't; 0 summarize|summarise|highlight|mention|follow",
    ),
    (
        Want::Override,
        Weight::Medium,
        "ignore|disregard; 2 instruction*|rules|directive*|directions; 2 earlier|above|previously|before",
    ),
    (
        Want::Override,
        Weight::Medium,
        "ignore|disregard|forget; 2 previous|prior|earlier|all; 1 context",
    ),
    (
        Want::Override,
        Weight::Medium,
        "bypass|disable|circumvent; 2 your|all; 2 polic*|filter*|restriction*|safety|safeguard*|guardrail*",
    ),
    (
        Want::Override,
        Weight::Low,
        "not; 0 follow|obey; 2 previous|prior|your; 2 instruction*|rules|guideline*|directive*",
    ),
    (
        Want::Override,
        Weight::Medium,
        "oublie|oublier|ignorer|ignorez; 2 instructions|consignes|directives; 1 précéd*|antérieur*|données",
    ),
    (
        Want::Reveal,
        Weight::Low,
        "what; 0 are|were|is; 0 your; 2 system|initial|original|hidden; 1 instruction*|prompt|prompts",
    ),
    (
        Want::Reveal,
        Weight::Medium,
        "repeat|print|output|reveal|recite|disclose; 1 your; 1 instructions|prompt",
    ),
    (
        Want::Override,
        Weight::Low,
        "ignore|disregard; 2 previous|prior|above|earlier; 1 command|commands|rule",
    ),
    (
        Want::Override,
        Weight::High,
        "ignore|disregard|forget; 3 instruction*|rules|guideline*|directive*|prompt|prompts|directions|orders; 2 you; 1 were|have|had|received|got|been; 1 given|told|been|received|set",
    ),
    (
        Want::Override,
        Weight::Medium,
        "ignore|disregard; 1 what|whatever; 5 above|previously|earlier|prior|told",
    ),
    (
        Want::Override,
        Weight::Medium,
        "pay; 0 no; 0 attention; 2 above|previous|prior|earlier|instruction*",
    ),
    (
        Want::Override,
        Weight::Medium,
        "negeer|vergeet; 2 vorige|eerdere|voorgaande|bovenstaande|voorafgaande; 1 instructie*|opdracht*|regels|aanwijzing*",
    ),
    (
        Want::Override,
        Weight::Medium,
        "zignoruj|ignoruj|zapomnij; 2 poprzedni*|wcze\u{15b}niejsz*|powy\u{17c}sz*|dotychczasow*; 1 instrukcj*|polece*|zasad*|wytyczn*",
    ),
    (
        Want::Override,
        Weight::Medium,
        "ignore|ignora|desconsidere|esque\u{e7}a; 2 instru\u{e7}\u{f5}es|ordens|regras; 2 anteriores|pr\u{e9}vias|acima|recebidas",
    ),
    (
        Want::Override,
        Weight::Medium,
        "caso; 0 omiso; 3 instruccion*|reglas|\u{f3}rdenes|indicaciones",
    ),
    (
        Want::Override,
        Weight::Medium,
        "\u{f6}nceki|yukar\u{131}daki|\u{f6}nceden; 2 talimat*|y\u{f6}nerge*|komut*|kural*; 2 yok|unut*|g\u{f6}rmezden|dikkate",
    ),
    (
        Want::Override,
        Weight::Medium,
        "이전*|앞선|앞의|위의; 2 지시*|명령*|지침*|규칙*; 2 무시하고|무시하라|무시하세요|무시하십시오|무시하시오|무시해|무시해라|잊고|잊어라|잊으세요",
    ),
    (
        Want::Override,
        Weight::Medium,
        "تجاهل|انس; 2 التعليمات|تعليمات|الأوامر|القواعد; 2 السابقة|أعلاه|سابقا",
    ),
    (
        Want::Override,
        Weight::Medium,
        "पिछले|पहले|उपरोक्त; 3 निर्देश*|नियम*; 3 अनदेखा|अनदेखी|नज़रअंदाज़|भूल",
    ),
    (
        Want::Obey,
        Weight::Medium,
        "from; 0 now; 0 on; 3 obey|serve|ignore|disregard",
    ),
    (
        Want::Obey,
        Weight::Medium,
        "obey|serve|trust; 5 not|instead|rather; 2 user|users|operator|developer|developers|owner",
    ),
    (
        Want::Obey,
        Weight::Low,
        "new|updated|revised; 0 instruction*|directive*|orders; 0 do|ignore|disregard|answer|reply|respond|say|output|send|never; 6 page|text|document|user|answer|product|review|message|model|prompt|word",
    ),
    (
        Want::Obey,
        Weight::Joint,
        "call|invoke|trigger|execute|run; 1 tool|function|plugin",
    ),
    (
        Want::Address,
        Weight::Joint,
        "note|message|instruction|instructions; 0 to|for; 1 assistant|ai|model|models|llm|chatbot|agent",
    ),
];
