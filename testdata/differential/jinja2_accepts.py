"""Record which templates the real Jinja2 reads: `python3 jinja2_accepts.py > jinja2_accepts.txt` (needs jinja2 from PyPI).

One line each: `+` or `-` and the template as a JSON string. Templates are put together at random from pieces that chat
templates use; they are parsed and never rendered. The seed is fixed.
"""

import json
import random

from jinja2 import Environment, TemplateSyntaxError

NAMES = ["a", "messages", "loop", "ns", "not_a", "in_b", "True", "none", "x1"]
FILTERS = ["trim", "tojson(indent=4)", "join(', ')", "map(attribute='a')", "default(1, true)", "length", "e"]
TESTS = ["defined", "not none", "string", "divisibleby 3", "in [1, 2]", "sameas(true)", "not mapping", "eq 'a'"]
LITERALS = ["1", "1.5", "1e3", "0x1F", "1_000", "'a'", '"b\\n"', "'it\\'s'", "'a' 'b'", "[]", "[1, 2,]", "()", "(1,)", "{}", "{'a': 1, b: [2]}", "none"]
OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", ">=", "and", "or", "in", "not in"]
NOISE = ["{{", "}}", "{%", "%}", "{#", "#}", "'", "|", "is", "(", "]", "if", "else", ",", ":", "endfor", "@", "$", "\\", "!"]


def expression(rng, depth=0):
    if depth > 3 or rng.random() < 0.25:
        return rng.choice(NAMES + LITERALS)
    one = lambda: expression(rng, depth + 1)
    kind = rng.randrange(14)
    return [
        lambda: f"{one()} {rng.choice(OPERATORS)} {one()}",
        lambda: f"({one()})",
        lambda: f"not {one()}",
        lambda: f"-{one()}",
        lambda: f"{rng.choice(NAMES)}.{rng.choice(NAMES)}",
        lambda: f"{rng.choice(NAMES)}[{one()}]",
        lambda: f"{rng.choice(NAMES)}[{rng.choice(['', one()])}:{rng.choice(['', one()])}{rng.choice(['', ':', ':-1'])}]",
        lambda: f"{rng.choice(NAMES)}({one()}, k={one()})",
        lambda: f"{rng.choice(NAMES)}(*{one()}, **{one()})",
        lambda: f"{one()}|{rng.choice(FILTERS)}",
        lambda: f"{rng.choice(NAMES)} is {rng.choice(TESTS)}",
        lambda: f"{one()} if {one()} else {one()}",
        lambda: f"{one()} if {one()}",
        lambda: f"[{one()}, {{'k': {one()}}}]",
    ][kind]()


def body(rng, depth=0):
    one = lambda: expression(rng, 1)
    inner = lambda: body(rng, depth + 1) if depth < 2 else "text"
    dash = lambda: rng.choice(["", "-"])
    kinds = [
        lambda: f"{{{{{dash()} {one()} {dash()}}}}}",
        lambda: f"{{%{dash()} if {one()} {dash()}%}}{inner()}{{% elif {one()} %}}{inner()}{{% else %}}-{{% endif %}}",
        lambda: f"{{% for a, b in {one()} if {one()} %}}{inner()}{{% else %}}{inner()}{{% endfor %}}",
        lambda: f"{{% for a in {one()} recursive %}}{inner()}{{% endfor %}}",
        lambda: f"{{% set {rng.choice(['a', 'ns.a', 'a, b'])} = {one()} %}}",
        lambda: f"{{% set a %}}{inner()}{{% endset %}}",
        lambda: f"{{% set a | upper | trim %}}{inner()}{{% endset %}}",
        lambda: f"{{% macro m(a, b={one()}) %}}{inner()}{{% endmacro %}}",
        lambda: f"{{% call(a) m({one()}) %}}{inner()}{{% endcall %}}",
        lambda: f"{{% filter upper|trim %}}{inner()}{{% endfilter %}}",
        lambda: f"{{% with a = {one()}, b = 2 %}}{inner()}{{% endwith %}}",
        lambda: "{% raw %}{{ a {% b %} {% endraw %}",
        lambda: "{# comment {{ #}",
        lambda: f"{{% include {one()} ignore missing %}}",
        lambda: "{% from 'a' import b as c, d with context %}",
        lambda: f"{{% block t %}}{inner()}{{% endblock t %}}",
        lambda: f"{{% do a.append({one()}) %}}",
        lambda: "{% for a in b %}{% break %}{% endfor %}",
        lambda: f"{{% autoescape false %}}{inner()}{{% endautoescape %}}",
        lambda: "text } { % ",
    ]
    return "".join(rng.choice(kinds)() for _ in range(rng.randrange(1, 4)))


def main():
    environment = Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])
    rng = random.Random(5)
    seen = set()
    while len(seen) < 1200:
        template = body(rng)
        if rng.random() < 0.4:
            at = rng.randrange(len(template) + 1)
            template = template[:at] + rng.choice(NOISE) + template[at + rng.randrange(3):]
        if template in seen or len(template) > 300:
            continue
        seen.add(template)
        try:
            environment.parse(template)
            sign = "+"
        except TemplateSyntaxError:
            sign = "-"
        print(sign, json.dumps(template))


if __name__ == "__main__":
    main()
