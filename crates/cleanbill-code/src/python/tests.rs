use super::*;

fn callees(text: &str) -> Vec<String> {
    let program = follow(text, |name| name != "builtins.chr" && name != "builtins.getattr");
    program.calls.into_iter().map(|call| call.callee).collect()
}

#[test]
fn names_are_followed() {
    for source in [
        "import os\nos.system('x')",
        "import os as o\no.system('x')",
        "from os import system as s\ns('x')",
        "__import__('os').system('x')",
        "import importlib\nimportlib.import_module('o' + 's').system('x')",
        "import os\ngetattr(os, 'sys' + 'tem')('x')",
        "import os\ngetattr(os, ''.join(['s', 'y', 's', 't', 'e', 'm']))('x')",
        "import os\ngetattr(os, 'metsys'[::-1])('x')",
        "import os\ngetattr(os, ''.join(chr(c) for c in [115, 121, 115, 116, 101, 109]))('x')",
        "import os\ngetattr(os, ''.join(map(chr, [115, 121, 115, 116, 101, 109])))('x')",
        "import os\ngetattr(os, f\"sys{'tem'}\")('x')",
        "import os, base64\ngetattr(os, base64.b64decode('c3lzdGVt').decode())('x')",
        "import os, codecs\ngetattr(os, codecs.decode('flfgrz', 'rot13'))('x')",
        "import os\ngetattr(os, bytes.fromhex('73797374656d').decode())('x')",
        "import os\ngetattr(os, 'sXstem'.replace('X', 'y'))('x')",
        "import os\ngetattr(os, '%s%s' % ('sys', 'tem'))('x')",
        "import os\ngetattr(os, '{}{}'.format('sys', 'tem'))('x')",
        "import sys\nsys.modules['os'].system('x')",
        "import os\nvars(os)['system']('x')",
        "import os\nos.__dict__['system']('x')",
        "import os, operator\noperator.attrgetter('system')(os)('x')",
        "import os, operator\noperator.methodcaller('system', 'x')(os)",
        "import os, functools\nf = functools.partial(os.system, 'x')\nf()",
        "import os\nf = lambda c: os.system(c)\nf('x')",
        "import os\ndef run(g, c):\n    return g(c)\nrun(os.system, 'x')",
        "import os\nclass A:\n    f = os.system\nA.f('x')",
        "import os\nclass A:\n    def __init__(self):\n        self.f = os.system\n    def go(self):\n        self.f('x')",
        "import os\n[f('x') for f in [os.system]]",
        "import os\ndef g(f=os.system):\n    f('x')",
        "import os\n(f := os.system)('x')",
        "import os\nd = {'a': os.system}\nd['a']('x')",
        "import os\na, b = os.system, 1\na('x')",
        "from os import *\nsystem('x')",
        "import os\ntry:\n    f = os.system\nexcept E:\n    f = None\nf('x')",
        "import torch\ntorch.os.system('x')",
        "import posix\nposix.system('x')",
        "exec('import os; os.system(\"x\")')",
        "import base64\nexec(base64.b64decode('aW1wb3J0IG9zCm9zLnN5c3RlbSgneCcp'))",
        "globals()['__builtins__'].__import__('os').system('x')",
        "(lambda: 0).__globals__['os'].system('x')",
        "import os\nｏｓ.ｓｙｓｔｅｍ('x')",
        "from functools import reduce\nimport os\nreduce(getattr, ['system'], os)('x')",
        "f = eval('__import__(\"os\")')\nf.system('x')",
        "x = f\"{__import__('os').system('x')}\"",
        "x = f\"{1:{__import__('os').system('x')}}\"",
        "import os\n@os.system\ndef f(): pass",
        "import os\nmatch 1:\n    case 1:\n        os.system('x')",
        "import os\nwith (open('a') as f, open('b') as g):\n    os.system('x')",
        "async def f():\n    import os\n    await os.system('x')",
        "import os\nfor c in 'x':\n    os.system(c)",
        "exec \"import os; os.system('x')\"",
    ] {
        let found = callees(source);
        assert!(
            found.iter().any(|callee| callee == "os.system"),
            "{source}\n{found:?}"
        );
        let program = follow(source, |_| true);
        assert!(program.troubles.is_empty(), "{source}: {:?}", program.troubles);
    }
}

#[test]
fn grammar_is_read_whole() {
    for source in [
        "a = b = c\na: int = 1\nx[1:2, ::3, ...] = 4\n",
        "def f(a, /, b: int = 1, *args: *T, c=2, **kw) -> None: ...\n",
        "class A[T: int](B, metaclass=M):\n    x: int\n    def f(self): return self\n",
        "try:\n    pass\nexcept* (A, B) as e:\n    raise X from e\nelse:\n    pass\nfinally:\n    pass\n",
        "match x:\n    case {'a': [1, *rest], **kw} if y:\n        pass\n    case A(b=1) | -1 | None:\n        pass\n    case str() as s:\n        pass\n    case _:\n        pass\n",
        "match = 1\nmatch.x = 2\nprint(match)\ntype X = int\ntype = 3\n",
        "print >>sys.stderr, 'x'\nprint 'a', b\nraise E, 'x'\n",
        "x = a if b else lambda *a, k=1, **kw: (yield)\n",
        "x = [i async for i in y if i if j for k in i]\nd = {**a, 'b': 1}\ns = {1, *b}\n",
        "f'{x!r:>{width}} {{literal}} {y=} {d[\"k\"]}'\n",
        "f'''{\n  a # note\n}'''\n",
        "if (n := len(a)) > 1: pass\nwhile x: break\nelse: pass\n",
        "a = 0xFF + 1_000 + 1e-5 + 1j if 1else 2\n",
        "x = 'a' \\\n    'b'\n\tif_ = 1\n".trim_end_matches("\tif_ = 1\n"),
        "assert x, 'y'\ndel a, b[0]\nglobal z\nlambda: (yield)\n",
        "@a.b(c)\n@d\nasync def f(): await g(*a, **k)\n",
        "for x, in y: pass\nfor x, *y in z: pass\nfor i in *a, b: pass\n",
        "return not a in b is not c\n",
        "with a as b, c as (d, e): pass\nwith (a): pass\nwith (yield): pass\n",
        "x = (\n    # comment\n    1,\n)\n",
        "",
        "\u{feff}import os\n",
    ] {
        let program = follow(source, |_| true);
        assert!(program.troubles.is_empty(), "{source}: {:?}", program.troubles);
    }
}

#[test]
fn hostile_depth_is_noted_and_survived() {
    let many = 1 << 20;
    for (name, source) in [
        ("brackets", "(".repeat(many)),
        (
            "closed brackets",
            ["(".repeat(many / 2), ")".repeat(many / 2)].concat(),
        ),
        ("lists", "[".repeat(many)),
        ("braces", "{".repeat(many)),
        ("unary", "-".repeat(many)),
        ("not", "not ".repeat(many / 4)),
        ("await", "await ".repeat(many / 6)),
        ("lambda", "lambda:".repeat(many / 7)),
        ("choice", "1 if 1 else ".repeat(many / 12)),
        ("power", "1**".repeat(many / 3)),
        ("attributes", ["a", &".b".repeat(many / 2)].concat()),
        ("calls", ["a", &"()".repeat(many / 2)].concat()),
        ("items", ["a", &"[0]".repeat(many / 3)].concat()),
        ("walrus", "(a:=".repeat(many / 4)),
        ("f-strings", "f'{".repeat(many / 3)),
        ("f-string braces", ["f'{x:", &"{".repeat(many), "'"].concat()),
        (
            "indentation",
            (0..1400)
                .map(|n| [" ".repeat(n).as_str(), "if a:\n"].concat())
                .collect(),
        ),
        (
            "comprehensions",
            ["[1 ", &"for a in b ".repeat(many / 11), "]"].concat(),
        ),
        ("stars", ["f(", &"*".repeat(many)].concat()),
        ("compare", "a<".repeat(many / 2)),
        ("decorators", "@a\n".repeat(many / 3)),
    ] {
        let program = follow(&source, |_| true);
        let only_long = matches!(name, "compare" | "stars");
        assert!(!program.troubles.is_empty() || only_long, "{name}");
    }
    for source in [
        ["'a'", &"+'a'".repeat(many / 4)].concat(),
        ["if a: pass\n", &"elif a: pass\n".repeat(many / 13)].concat(),
        "a=1\n".repeat(many / 4),
        "a=a+a\n".repeat(many / 6),
        ["def f(x): return f(f(x))\n", &"f('a')\n".repeat(2_000)].concat(),
        "x='a'*1000\n".to_owned() + &"x=x+x\n".repeat(1_000),
        "exec('exec(\"exec(1)\")')\n".to_owned(),
    ] {
        follow(&source, |_| true);
    }
}

#[test]
fn any_change_of_a_program_is_survived() {
    let seeds = [
        "import os\nclass A(B):\n    def f(self, x=1, *a, **k):\n        return f'{x!r:>{y}}' + getattr(os, 'a' 'b')(*a, **k)\n",
        "for i in range(10):\n    exec(''.join(chr(c ^ 3) for c in b'abc'[::-1]))\nmatch x:\n    case {'a': 1}: pass\n",
        "x = [lambda a: a if a else b for c, d in e.items() if (f := c)]\nwith (a as b): pass\n",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % below
    };
    let signs = "()[]{}:,.=+-*'\"\\\n\t f\u{fffd}é#@;`!%0a";
    let signs: Vec<char> = signs.chars().collect();
    for round in 0..3_000 {
        let mut text: Vec<char> = seeds[round % seeds.len()].chars().collect();
        for _ in 0..=random(6) {
            let at = random(text.len());
            match random(3) {
                0 => text[at] = signs[random(signs.len())],
                1 => text.insert(at, signs[random(signs.len())]),
                _ => {
                    text.remove(at);
                }
            }
        }
        let text: String = text.into_iter().collect();
        let once = follow(&text, |_| true);
        assert_eq!(once.calls, follow(&text, |_| true).calls, "{text}");
    }
}

#[test]
fn only_programs_that_reach_nothing_are_passed_over() {
    for text in ["def f(x):\n    return x + 1\n", "A = 1\nB = (2, 3)\n", ""] {
        assert!(reaches_nothing(text), "{text}");
    }
    for text in [
        "import os\n",
        "eval('1')\n",
        "f = open\n",
        "x = ().__class__\n",
        "# coding: utf-7\n+AGUAdgBhAGw-('1')\n",
        "\u{ff45}val('1')\n",
        "def f(model):\n    model.save('x')\n",
        "def f(self): self.run()\n",
    ] {
        assert!(!reaches_nothing(text), "{text}");
    }
}

#[test]
fn names_that_modules_are_known_by_are_joined() {
    for (name, wanted) in [
        ("posix.system", "os.system"),
        ("torch.os.system", "os.system"),
        ("a.b.os.system", "os.system"),
        ("a.sys.os.system", "os.system"),
        ("a.b.c.os.system", "a.b.c.os.system"),
        ("a().os.system", "a().os.system"),
        (".os.system", ".os.system"),
        ("a.os", "a.os"),
        ("builtins.builtins.eval", "builtins.eval"),
        ("six.moves.urllib.request.urlopen", "urllib.request.urlopen"),
        ("print", "print"),
    ] {
        assert_eq!(callables::canonical(name), wanted, "{name}");
    }
}

#[test]
fn joining_a_megabyte_of_constants_ends_soon() {
    let piece = "'abcdefgh'";
    let chain = format!(
        "import os\nx = {}\nos.system(x)\n",
        vec![piece; 100_000].join(" + ")
    );
    assert_eq!(callees(&chain), ["os.system"]);
    let program = follow(&chain, |_| true);
    assert!(program.troubles.is_empty(), "{:?}", program.troubles);
    // Each of these would copy gigabytes; what it costs is bounded, and that it was cut is said.
    for line in [
        "x += 'abcdefgh'\n",
        "y.append(x)\nz = y\n",
        "x = x + 'abcdefgh'\n",
    ] {
        let source = format!("import os\nx = ''\ny = []\n{}os.system(x)\n", line.repeat(20_000));
        let program = follow(&source, |_| true);
        assert!(
            program.calls.iter().any(|call| call.callee == "os.system"),
            "{line}"
        );
        assert!(
            program
                .troubles
                .iter()
                .any(|one| one.kind == TroubleKind::TooMuch),
            "{line}"
        );
    }
}
