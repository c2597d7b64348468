"""What looks like a finding and is none: wrong check digits, examples of manuals, hashes, codes, and honest uses of odd characters.

Published examples are put together from pieces, so that no scanner of this repository takes them for a leak.
"""

import base64
import hashlib
import json

import checksums
import make_hidden
import texts
from base import BASE64, DIGITS, HEX, LOWER, UPPER, URLSAFE, VALUE, WORD


def broken(make, at=-1):
    """A number whose digit at `at` was changed, so that its check digits are wrong."""
    def wrong(d):
        value = make(d)
        places = [n for n, c in enumerate(value) if c.isdigit()]
        place = places[at]
        return value[:place] + str((int(value[place]) + d.choice((1, 3, 4, 7))) % 10) + value[place + 1:]
    return wrong


def hashed(name):
    return lambda d: hashlib.new(name, d.randbytes(16)).hexdigest()


def sri(d):
    name = d.choice(("sha256", "sha384", "sha512"))
    return f"{name}-{base64.b64encode(hashlib.new(name, d.randbytes(8)).digest()).decode()}"


def isbn(d):
    body = d.choice(("978", "979")) + d.text(DIGITS, 9)
    return body + str(-sum(int(c) * (1, 3)[at % 2] for at, c in enumerate(body)) % 10)


def test_card(d):
    return d.choice(("4" + "1" * 15, "4242" * 4, "5555" * 3 + "4444", "378282246310" + "005", "401288888888" + "1881", "60111111" + "11111117",
        "3530111333" + "300000", "510510510510" + "5100"))


def private_ip(d):
    n = lambda: d.randint(0, 255)
    return d.choice((f"10.{n()}.{n()}.{n()}", f"192.168.{n()}.{n()}", f"172.{d.randint(16, 31)}.{n()}.{n()}", "127.0.0.1", "0.0.0.0",
        f"192.0.2.{n()}", f"203.0.113.{n()}", f"198.51.100.{n()}", "255.255.255.0"))


def version(d):
    return d.choice((f"v{d.randint(1, 9)}.{d.randint(0, 40)}.{d.randint(0, 9)}.{d.randint(1, 300)}",
        f"{d.randint(1, 9)}.{d.randint(0, 40)}.{d.randint(0, 9)}.{d.randint(1, 300)}",
        f"{d.randint(90, 140)}.0.{d.randint(1000, 9999)}.{d.randint(10, 255)}"))


def jwt_sample(d):
    return ".".join(("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ",
        "SflKxwRJSMeKKF2QT4fwpMeJf36" + "POk6yJV_adQssw5c"))


def picture(d):
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + d.randbytes(d.randint(200, 900))).decode()


def lock(d):
    return json.dumps({"resolved": f"https://registry.example.invalid/{d.text(LOWER, 6)}.tgz",
        "integrity": "sha512-" + base64.b64encode(d.randbytes(64)).decode()})


def quoted(d):
    return make_hidden.order(d, 0.35)


def injection_quote(d, doc):
    text = quoted(d)
    doc.fill(d.choice((f'Attackers often write "{VALUE}" in a web page; filters should look for it.',
        f'A typical prompt injection reads: "{VALUE}" Our paper measures how models react to such phrases.', f"研究人员指出，攻击者常用“{VALUE}”之类的语句进行提示注入。",
                       f"Example of an attack (do not run): `{VALUE}` - the model should refuse.",
                       f'The benchmark contains prompts such as "{VALUE}", which test robustness against injection.')),
                       lambda doc: doc.decoy("injection_quoted", text))


def zwnj(d, doc):
    doc.decoy("persian_zwnj", d.choice(("می‌خواهم کتاب‌های تازه را ببینم و خانه‌ها را", "نمی‌دانم چرا این برنامه‌ها کار نمی‌کنند",
        "دانش‌آموزان مدرسه‌های تهران می‌گویند")) + f" {d.randint(2, 900)}")


def zwj(d, doc):
    doc.decoy("indic_zwj", d.choice(("क्‍ष और र्‍य के रूप", "ශ්‍රී ලංකාව", "മലയാളത്തിലെ ന്‍ ര്‍ ല്‍", "বাংলা র‍্যাব")) + f" {d.randint(2, 900)}")


def emoji(d, doc):
    doc.decoy("emoji", "".join(d.choices(("👨‍👩‍👧‍👦", "👩🏽‍💻", "❤️", "🏳️‍🌈", "🏴‍☠️", "✌🏻", "☀️", "1️⃣", "🧑‍🚀", "🤷‍♀️"), k=d.randint(1, 9))))


def flags(d, doc):
    doc.decoy("regional_flags", "".join(d.choices(("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"),
        k=d.randint(1, 3))))


def marks(d, doc):
    doc.decoy("hebrew_arabic_marks", d.choice(("שלום\u200f (hello) \u200eABC\u200f עולם", "السعر\u200f 25 \u200eUSD\u200f فقط",
        "\u200fמחיר: 120 \u200eNIS", "\u2067مرحبا\u2069 world")) + f" {d.randint(1, 99)}")


def bom(d, doc):
    doc.decoy("byte_order_mark", "\ufeff" + "id,name")
    doc.add("\n1,tea\n2,salt")


def cjk_selector(d, doc):
    doc.decoy("one_variation_selector", d.choice(("葛\U000e0100飾区", "辻\U000e0100さん", "邉\U000e0101", "☎\ufe0e", "℃\ufe0e")))


def whole_script(d, doc):
    doc.decoy("word_of_one_script", d.choice(("Сбербанк открыл отделение", "Яндекс и Телеграм", "Ελλάδα και Κύπρος", "Рорах сосна",
        "Apple и Google открыли офис", "Компания Microsoft выпустила обновление", "α-Fe2O3 und β-Carotin", "μm и Ω")))


def empty_hidden(d, doc):
    doc.decoy("html_hidden_harmless", d.choice(('<div class="modal" style="display:none"></div>',
        f'<input type="hidden" name="csrf" value="{d.text(HEX, 32)}">', '<span aria-hidden="true">&times;</span>',
        '<div id="menu" style="display:none"><a href="/help">Help</a></div>',
                                               "<!-- footer starts here -->", '<p style="font-size:0"></p>',
                                               '<span class="sr-only" style="position:absolute;left:-9999px">Skip to content</span>',
                                               "<noscript>Turn on scripts to see the map.</noscript>")))


def plain_image(d, doc):
    doc.decoy("markdown_image", d.choice((f"![logo](https://static.example.invalid/{d.text(LOWER, 5)}.png)",
        f"![build](https://ci.example.invalid/badge?branch=main&style={d.choice(('flat', 'plastic'))})", f"![map](images/{d.text(LOWER, 6)}.svg)",
        "![chart](https://static.example.invalid/c.png?w=640&h=480)",
        f"![photo](https://static.example.invalid/p.jpg?Expires={d.randint(1_700_000_000, 1_790_000_000)}&Signature={d.sure(WORD, 43)})")))


def colours(d, doc):
    doc.decoy("ansi_colour", d.choice(("\x1b[32mok\x1b[0m", "\x1b[1;31mfailed\x1b[0m", "\x1b[33mwarning\x1b[39m", "\x1b[38;5;208mslow\x1b[0m")))
    doc.add(f" {texts.name(d)}")


def colour_code(d, doc):
    doc.decoy("ansi_in_source", d.choice(('RED = "\\x1b[31m"', 'HIDE = "\\033[8m"', "const reset = '\\u001b[0m';", 'print("\\033[2J")')))


def token_page(d, doc):
    doc.decoy("special_tokens_documented", d.choice(("The tokenizer adds `<|endoftext|>` at the end of each document.",
        '"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"', 'tokenizer.add_special_tokens({"bos_token": "<s>", "eos_token": "</s>"})',
        "Llama 2 wraps the user turn in `[INST]` and `[/INST]`.",
                                                   '{"id": 50256, "content": "<|endoftext|>", "special": true}',
                                                   "In ChatML every message starts with `<|im_start|>` and its role.")))


def base64_text(d, doc):
    text = d.choice((json.dumps({"page": d.randint(1, 99), "sort": "asc"}), f"{d.choice(texts.PROSE['en_US'])}",
        "<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'/>", f"id,size\n1,{d.randint(1, 99)}\n2,{d.randint(1, 99)}\n"))
    doc.add("payload: ")
    doc.decoy("base64_harmless", base64.b64encode(text.encode()).decode())


def orders_of_life(d, doc):
    doc.decoy("imperative_harmless", d.choice(("Ignore the previous version of this file and use the new one.",
        "Please disregard my last email, the meeting is on.", "Forget the old rules of the game: from now on red starts.",
        "The system prompt of the shell is set in PS1.", "请忽略上一封邮件，会议照常举行。",
                                             "You are now ready to install the shelf.", "Do not tell the children about the surprise.",
                                             "New instructions for the washing machine are on page 4.", "忘记密码时，请点击下方链接。")))


def placeholder(d, doc):
    doc.fill(d.choice((f"api_key = \"{VALUE}\"", f"password: {VALUE}", f"export TOKEN={VALUE}", f"\"client_secret\": \"{VALUE}\"")),
        lambda doc: doc.decoy("placeholder", d.choice(("your-api-key-here", "<YOUR_TOKEN>", "changeme", "xxxxxxxxxxxxxxxxxxxxxxxx", "${SECRET_KEY}",
            "{{ api_key }}", "********", "REPLACE_ME_WITH_KEY",
                       "$(cat /run/secrets/key)", "insert-password-here", "sk-" + "x" * 40, "hf_" + "your_token_here", "ghp_" + "x" * 36,
                       "%(password)s", "AKIA" + "X" * 16))))


def secret_code(d, doc):
    doc.decoy("code_about_secrets", d.choice(("password = getpass.getpass()", 'api_key = os.environ["API_KEY"]',
        "token = request.headers.get('Authorization')", "def check_password(password: str, password_hash: str) -> bool:",
        "secret = secretmanager.access(name)", "const token = await auth.getAccessToken();",
                                            "passwordField.setText(null);", "self.api_key = api_key or config.api_key",
                                            'PASSWORD_RESET_URL = "/accounts/password/reset/"', "tokens = tokenizer(text)['input_ids']",
                                            "key = max(counts, key=counts.get)", "ssh-keygen -t ed25519 -f ~/.ssh/id_ed25519")))


def bare_url(d, doc):
    doc.decoy("address_without_password", d.choice(("postgres://localhost:5432/test", "https://user@git.example.invalid/repo.git",
        "postgres://user:password@localhost/db", "https://[::1]:8080/", "mailto:team@example.org", "https://npm.example.invalid/package/@types/node",
        "redis://cache:6379/0",
                                                  "https://${USER}:${PASS}@host.example.invalid/")))


def public_key(d, doc):
    kind = d.choice(("PUBLIC KEY", "CERTIFICATE", "CERTIFICATE REQUEST"))
    text = base64.b64encode(b"\x30\x82\x01\x22" + d.randbytes(280)).decode()
    doc.decoy("public_key", f"-----BEGIN {kind}-----\n" + "\n".join(text[at:at + 64] for at in range(0, len(text), 64)) + f"\n-----END {kind}-----")


# Simple values: (kind, maker, surroundings)
PLAIN = (
    ("wrong_check_card", broken(checksums.card), ("card {}", '"card_number": "{}"', "<td>{}</td>", "卡号：{}")),
    ("wrong_check_iban", broken(checksums.iban), ("IBAN {}", '"iban": "{}"', "IBAN: {}.")),
    ("wrong_check_cn_id", lambda d: (lambda v: v[:-1] + ("3" if v[-1] in "X0124" else "X"))(checksums.cn_resident_id(d)),
        ("身份证号：{}", '"id_card": "{}"', "{}")),
    ("wrong_check_national_id", lambda d: broken(d.choice((checksums.de_tax_id, checksums.pl_pesel, checksums.nl_bsn, checksums.tr_tckn,
        checksums.br_cpf, checksums.in_aadhaar, checksums.uk_nhs, checksums.jp_my_number)))(d), ("number {}", "ref {} filed", "{};open")),
    ("wrong_check_named_id", lambda d: (lambda p: f"{p[0]}: {broken(p[1])(d)}")(d.choice((("PESEL", checksums.pl_pesel), ("BSN", checksums.nl_bsn),
        ("CPF", checksums.br_cpf), ("NHS number", checksums.uk_nhs), ("Steuer-ID", checksums.de_tax_id), ("SIN", checksums.ca_sin)))),
        ("{}", "- {}")),
    ("wrong_check_github", lambda d: "ghp_" + d.text(WORD, 36), ('token = "{}"', "{}", "<td>{}</td>", "GITHUB_TOKEN={}")),
    ("wrong_check_npm", lambda d: "npm_" + d.text(WORD, 36), ("_authToken={}", "{}")),
    ("wrong_check_btc", lambda d: (lambda v: v[:-2] + ("zz" if v[-2:] != "zz" else "yy"))(checksums.btc(d)), ("wallet {}", "send to {}")),
    ("wrong_check_eth", lambda d: "0x" + "".join(c.upper() if d.chance(0.5) else c for c in d.text(HEX, 40)), ("wallet {}", "{}")),
    ("invalid_ssn", lambda d: d.choice((f"000-{d.randint(10, 99)}-{d.digits(4)}", f"666-{d.randint(10, 99)}-{d.digits(4)}",
        f"{d.randint(100, 665)}-00-{d.digits(4)}", f"{d.randint(100, 665)}-{d.randint(10, 99)}-0000", "078-05-" + "1120", "219-09-" + "9999")),
        ("SSN {}", "{}", '"ssn": "{}"')),
    ("md5", hashed("md5"), ("{}  model.bin", "md5: {}", 'etag = "{}"', '"checksum": "{}"')),
    ("sha1", hashed("sha1"), ("{}  model.bin", "sha1 {}", '"digest": "{}"')),
    ("sha256", hashed("sha256"), ("{}  model.safetensors", "sha256:{}", "oid sha256:{}", '"hash": "{}"', "--hash=sha256:{}")),
    ("sha512", hashed("sha512"), ("{}  disk.img", "sha512: {}")),
    ("git_commit", hashed("sha1"), ("commit {}", "Merge {} into main", "https://git.example.invalid/a/b/commit/{}", "fixed in {}",
        "uses: actions/checkout@{}")),
    ("uuid", lambda d: d.uuid(), ("id: {}", '"request_id": "{}"', "/jobs/{}/log", "{},open", "traceId={}")),
    ("sri", sri, ('integrity="{}"', '"integrity": "{}"')),
    ("aws_example_key", lambda d: d.choice(("AKIAIOSFODNN7" + "EXAMPLE", "AKIAI44QH8DHB" + "EXAMPLE")),
        ("aws_access_key_id = {}", "{}", '"AccessKeyId": "{}"')),
    ("aws_example_secret", lambda d: "wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY", ("aws_secret_access_key = {}", '"SecretAccessKey": "{}"')),
    ("jwt_sample", jwt_sample, ("{}", "Bearer {}", 'token = "{}"')),
    ("publishable_key", lambda d: d.choice(("pk_live_", "pk_test_")) + d.sure(WORD, 24), ("Stripe('{}')", '"publishableKey": "{}"')),
    ("test_card", test_card, ("card {}", '"card_number": "{}"', "use {} in the sandbox")),
    ("isbn_13", isbn, ("ISBN {}", "ISBN-13: {}", "{}", '"isbn": "{}"')),
    ("epoch_ms", lambda d: str(d.randint(1_500_000_000_000, 1_800_000_000_000)), ('"ts": {}', "at {}", "{},start", "t={}&x=1")),
    ("epoch_seconds", lambda d: str(d.randint(1_500_000_000, 1_800_000_000)), ('"ts": {}', "mtime {}", "exp={}")),
    ("version", version, ("version {}", "Chrome/{} Safari", "upgraded to {}", "lib=={}")),
    ("private_ip", private_ip, ("host {}", "listen {}:8080", '"addr": "{}"', "{} localhost")),
    ("documentation_ipv6", lambda d: d.choice(("2001:db8::" + d.text(HEX, 4), "fe80::" + d.text("123456789abcdef", 1) + ":1", "::1")),
        ("host {}", '"addr": "{}"')),
    ("example_mail", lambda d: d.choice((f"{d.text(LOWER, 6)}@example.com", "user@example.org", "noreply@example.net",
        f"{d.text(LOWER, 5)}@test.invalid", "git@github.com", "me@localhost")), ("write to {}", '"email": "{}"', "{}")),
    ("not_a_mail", lambda d: d.choice((f"@{texts.name(d)}", f"{d.text(LOWER, 5)}@{d.randint(1, 9)}.{d.randint(0, 9)}.{d.randint(0, 9)}",
        "npm:@scope/pkg@latest", "icon@2x.png", f"{d.text(LOWER, 4)}@sha256")), ("{}", "use {} here")),
    ("code_number", lambda d: d.choice((str(d.randint(10**8, 10**9 - 1)), str(d.randint(10**9, 10**10 - 1)), f"0x{d.text(HEX, 8)}",
        str(d.randint(10**14, 10**15 - 1)))), ("seed = {}", "MAX = {};", "x ^= {}", "offset {}")),
    ("decimal_number", lambda d: f"{d.random() * 100:.15f}", ("loss {}", "[{}, 0.5]", "w={}")),
    ("product_code", lambda d: d.choice((f"SKU-{d.text(UPPER, 3)}-{d.digits(6)}", f"{d.text(UPPER, 2)}{d.digits(7)}",
        f"{d.text(UPPER, 3)}-{d.digits(4)}-{d.text(UPPER, 2)}", f"P/N {d.digits(4)}-{d.digits(5)}")),
        ("order {}", "{},12,9.90", "part {} in stock", "货号：{}")),
    ("order_number", lambda d: f"{d.randint(2020, 2026)}{d.randint(1, 12):02d}{d.randint(1, 28):02d}{d.text(DIGITS, d.choice((6, 8, 10)))}",
        ("order {}", "订单号：{}", "/orders/{}", '"order_id": "{}"')),
    ("tracking_number", lambda d: d.choice(("1Z" + d.text(UPPER + DIGITS, 16), d.text(UPPER, 2) + d.digits(9) + d.choice(("CN", "DE", "US")),
        "SF" + d.digits(13))), ("tracking {}", "运单号：{}")),
    ("date", lambda d: f"{d.randint(2000, 2026)}-{d.randint(1, 12):02d}-{d.randint(1, 28):02d}", ("released {}", "due {}", "{}: notes")),
    ("image_base64", picture, ('<img src="{}">', "![p]({})", 'url("{}")')),
    ("random_base64", lambda d: base64.b64encode(d.randbytes(d.randint(60, 400))).decode(), ("blob {}", '"weights": "{}"')),
    ("minified", lambda d: texts.minified(d), ("<script>{}</script>", "{}")),
    ("lock_file", lock, ("{}", '"node_modules/x": {}')),
    ("go_sum", lambda d: f"h1:{base64.b64encode(d.randbytes(32)).decode()}", ("example.test/m v1.2.0 {}",)),
    ("ssh_public_key", lambda d: "ssh-rsa " + base64.b64encode(b"\0\0\0\x07ssh-rsa" + d.randbytes(270)).decode(), ("{} ops@host", "- {}")),
    ("camera_lens", lambda d: f"{d.randint(10, 99)}-{d.randint(100, 300)}mm f/{d.choice(('2.8', '4.5'))}-{d.randint(5, 8)}.6", ("lens {}",)),
    ("coordinates", lambda d: f"{d.uniform(-90, 90):.6f}, {d.uniform(-180, 180):.6f}", ("at {}", "geo: {}")),
    ("hex_colour_list", lambda d: " ".join("#" + d.text(HEX, 6) for _ in range(6)), ("palette {}",)),
    ("url_path_id", lambda d: d.sure(URLSAFE, d.choice((11, 22, 33))), ("https://video.example.invalid/watch?v={}",
        "https://docs.example.invalid/d/{}/edit")),
    ("password_hash_word", lambda d: d.choice(("pbkdf2_sha256", "bcrypt", "argon2id", "scrypt")), ('password_hasher = "{}"', "hash: {}")),
    ("xml_namespace", lambda d: f"urn:uuid:{d.uuid()}", ('xmlns="{}"', "<id>{}</id>")),
    ("kubernetes_names", lambda d: f"{d.text(LOWER, 7)}-{d.text(LOWER + DIGITS, 9)}-{d.text(LOWER + DIGITS, 5)}", ("pod/{}", "secretName: {}")),
    ("sealed_secret", lambda d: "Ag" + d.text(BASE64, 300), ("encryptedData:\n  x: {}",)),
)
WRITTEN = (injection_quote, zwnj, zwj, emoji, flags, marks, bom, cjk_selector, whole_script, empty_hidden, plain_image, colours, colour_code,
    token_page, base64_text, orders_of_life, placeholder, secret_code, bare_url, public_key)


def plan(scale=1):
    for kind, _, _ in PLAIN:
        yield kind, max(1, round(28 * scale))
    for write in WRITTEN:
        yield write.__name__, max(1, round(28 * scale))


TABLE = {kind: (make, ways) for kind, make, ways in PLAIN}
WRITERS = {write.__name__: write for write in WRITTEN}


def put(kind, d, doc):
    if kind in WRITERS:
        WRITERS[kind](d, doc)
        return
    make, ways = TABLE[kind]
    value = make(d)
    doc.fill(d.choice(ways).replace("{}", VALUE), lambda doc: doc.decoy(kind, value))
