use super::*;

#[test]
fn what_jinja_reads_is_read() {
    for template in [
        "{%- set ns = namespace(found=false) -%}{% set ns.found = true %}",
        "{% for m in messages if m.role != 'x' recursive %}{{ loop(m.children) }}{% else %}-{% endfor %}",
        "{% macro f(a, b=1) %}{{ a ~ b }}{% endmacro %}{{ f(1, b=2) }}{% call(x) f(1) %}{{ x }}{% endcall %}",
        "{% set x %}{{ y }}{% endset %}{% set x | upper | trim %}a{% endset %}{% filter upper %}a{% endfilter %}",
        "{{ a[1:2], a[::-1], a[:, 1], a.0 }}{{ {'a': [1, (2, 3), ()]}['a'] }}",
        "{{ x if y is not defined and z is divisibleby 3 else (w is in [1, 2]) }}",
        "{{ 1 + 2 * -3 ** 4 // 5 % 6 ~ 'a' 'b' }}{{ not a in b }}{{ a not in b }}",
        "{% raw %}{{ {% endraw %}{# {{ #}{{ '}}' }}{{ {'a': {}} }}",
        "{% generation %}{{ x }}{% endgeneration %}{% with a=1, b=2 %}{{ a }}{% endwith %}",
        "{% if a %}{% elif b %}{% else %}{% endif %}{% do x.append(1) %}{% break %}",
        "{{ f(*a, **b) }}{{ x|map(attribute='a')|join(', ') }}{% trans a=1 %}b{% endtrans %}",
        "{% include 'x' ignore missing with context %}{% from 'a' import b as c %}{% block t %}{% endblock t %}",
    ] {
        let read = parse(template);
        assert!(
            read.errors.is_empty() && !read.cut,
            "{template}: {:?}",
            read.errors
        );
    }
}

#[test]
fn what_jinja_refuses_is_noted_and_the_rest_is_read() {
    for template in [
        "{{ a b }}{{ c }}",
        "{% if %}{{ c }}{% endif %}",
        "{% nonsense %}{{ c }}",
        "{% endfor %}{{ c }}",
        "{% for x in y %}{{ c }}",
        "{{ ( }}{{ c }}",
        "{{ 'a }}",
        "{# a",
        "{{ }}{{ c }}",
    ] {
        assert!(!parse(template).errors.is_empty(), "{template}");
    }
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = format!("{{{{ {}1{} }}}}", "(".repeat(5_000), ")".repeat(5_000));
    assert!(parse(&deep).cut);
    let long = format!("{{{{ 1{} }}}}", " + 1".repeat(50_000));
    assert!(!parse(&long).cut);
    assert!(parse(&"{% if a %}".repeat(5_000)).cut);
    assert!(parse(&format!("{{{{ {}1 }}}}", "-".repeat(5_000))).cut);
    assert!(!parse(&format!("{{{{ {}1 }}}}", "not ".repeat(5_000))).cut);
}

/// What Jinja2 itself said of each template is recorded by `testdata/differential/jinja2_accepts.py`.
#[test]
fn whatever_jinja2_reads_is_read_and_most_of_what_it_refuses_is_refused() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../testdata/differential/jinja2_accepts.txt"
    );
    let record = std::fs::read_to_string(path).unwrap();
    let (mut refused, mut laxer, mut stricter) = (0, Vec::new(), Vec::new());
    for line in record.lines() {
        let (sign, quoted) = line.split_once(' ').unwrap();
        let root = crate::jsonc::parse(quoted).root.unwrap();
        let template = root.text().unwrap();
        let read = parse(template);
        if sign == "+" {
            if !read.errors.is_empty() || read.cut {
                stricter.push(format!("{template}: {:?}", read.errors));
            }
        } else {
            refused += 1;
            if read.errors.is_empty() {
                laxer.push(template.to_owned());
            }
        }
    }
    assert!(stricter.is_empty(), "{stricter:#?}");
    println!("{} of {refused} refused by Jinja2 are read", laxer.len());
    assert!(
        laxer.len() * 4 < refused,
        "{} of {refused}: {laxer:#?}",
        laxer.len()
    );
}
