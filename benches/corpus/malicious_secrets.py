"""Malicious samples of the leak engine: credentials in texts and metadata.

Every value is made when the script runs, from a fixed seed, so that no secret-looking literal stands in the repository. They satisfy
the checksums and structures of their services and open nothing.
"""
import base64
import hashlib
import json
import struct
import zlib

WORD = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
HEX = "0123456789abcdef"
LETTERS = WORD[10:]
URLSAFE = WORD + "-_"
B64 = WORD + "+/"
B32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class Source:
    """Characters that look random and are the same in every run."""

    def __init__(self, seed):
        self.seed = seed.encode()
        self.count = 0

    def text(self, alphabet, length):
        out = ""
        while len(out) < length:
            digest = hashlib.sha256(self.seed + struct.pack("<I", self.count)).digest()
            self.count += 1
            out += "".join(alphabet[b % len(alphabet)] for b in digest)
        return out[:length]

    def sure(self, alphabet, length):
        """As `text`, with a digit and letters of both cases for certain."""
        return self.text(alphabet, length - 3) + "a7Q"


def checked(source):
    """Thirty characters and their CRC-32 in base62, as GitHub and npm write."""
    body = source.text(WORD, 30)
    value, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        value, rest = divmod(value, 62)
        digits = WORD[rest] + digits
    return body + digits


def account_id(source):
    """An AWS key id whose account has twelve digits."""
    while True:
        body = source.text(B32, 16)
        raw = int.from_bytes(base64.b32decode(body)[:6], "big")
        if body[0] not in "IJ" and (raw & 0x7FFFFFFFFF80) >> 7 <= 999_999_999_999:
            return "AKIA" + body


def uuid(source):
    h = source.text(HEX, 32)
    return "%s-%s-4%s-a%s-%s" % (h[:8], h[8:12], h[13:16], h[17:20], h[20:])


def der(source, size):
    """An outer SEQUENCE around bytes that look random; no key."""
    body = hashlib.shake_256(source.text(HEX, 32).encode()).digest(size)
    return b"\x30\x82" + struct.pack(">H", size + 4) + b"\x02\x01\x00\x02" + body


def pem(source, label="PRIVATE KEY", size=600):
    text = base64.b64encode(der(source, size)).decode()
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n" % (label, "\n".join(lines), label)


def openssh(source):
    blob = b"openssh-key-v1\0" + b"\0\0\0\x04none\0\0\0\x04none\0\0\0\0\0\0\0\x01" + hashlib.shake_256(source.text(HEX, 16).encode()).digest(300)
    text = base64.b64encode(blob).decode()
    return "-----BEGIN OPENSSH PRIVATE KEY-----\n%s\n-----END OPENSSH PRIVATE KEY-----\n" % "\n".join(text[i:i + 70] for i in range(0, len(text), 70))


def jwt(source):
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).replace(" ", "").encode()).decode().rstrip("=")
    return part({"alg": "HS256", "typ": "JWT"}) + "." + part({"iss": "supabase", "role": "service_role", "n": source.text(HEX, 8)}) + "." + source.sure(URLSAFE, 43)


def tokens(s):
    """Service, value, and how it usually stands."""
    slack = "%s-%s-%s" % (s.text("123456789", 12), s.text("123456789", 13), s.sure(WORD, 24))
    return [
        ("github-pat", "ghp_" + checked(s), 'TOKEN = "%s"\n'),
        ("github-app", "ghs_" + checked(s), "git clone https://x-access-token:%s@github.com/a/b\n"),
        ("github-fine-grained", "github_pat_%s_%s" % (s.text(WORD, 22), s.sure(WORD, 59)), "machine github.com password %s\n"),
        ("gitlab", "glpat-" + s.sure(WORD, 20), "curl -H 'PRIVATE-TOKEN: %s'\n"),
        ("npm", "npm_" + checked(s), "//registry.npmjs.org/:_authToken=%s\n"),
        ("pypi", "pypi-" + base64.urlsafe_b64encode(b"\x02\x01\x08pypi.org\x02\x24" + s.text(HEX, 120).encode()).decode().rstrip("="), "[pypi]\nusername = __token__\npassword = %s\n"),
        ("huggingface", "hf_" + s.text(LETTERS, 34), 'login(token="%s")\n'),
        ("huggingface-in-csv", "hf_" + s.text(LETTERS, 34), "id,text,token\n1,hello,%s,x\n"),
        ("huggingface-in-html", "hf_" + s.text(LETTERS, 34), "<html><body><b>%s</b></body></html>\n"),
        ("huggingface-in-address", "hf_" + s.text(LETTERS, 34), "GET /api?token=%s&x=1 HTTP/1.1\n"),
        ("openai-project", "sk-proj-%sT3BlbkFJ%s" % (s.text(WORD, 74), s.text(WORD, 74)), "OPENAI_API_KEY=%s\n"),
        ("openai-legacy", "sk-%sT3BlbkFJ%s" % (s.text(WORD, 20), s.text(WORD, 20)), "openai.api_key = '%s'\n"),
        ("anthropic", "sk-ant-api03-%sAA" % s.text(WORD, 93), "export ANTHROPIC_API_KEY=%s\n"),
        ("deepseek", "sk-" + s.text(HEX, 32), "密钥：%s。\n"),
        ("dashscope", "sk-" + s.text(HEX, 32), '{"DASHSCOPE_API_KEY": "%s"}\n'),
        ("zhipu", "%s.%s" % (s.text(HEX, 32), s.text(WORD, 16)), 'ZHIPUAI_API_KEY = "%s"\n'),
        ("moonshot", "sk-" + s.sure(WORD, 48), "MOONSHOT_KEY: %s\n"),
        ("openrouter", "sk-or-v1-" + s.text(HEX, 64), "%s\n"),
        ("groq", "gsk_" + s.text(WORD, 52), "GROQ=%s\n"),
        ("replicate", "r8_" + s.text(WORD, 37), "REPLICATE_API_TOKEN=%s\n"),
        ("xai", "xai-" + s.text(WORD, 80), "%s\n"),
        ("nvidia", "nvapi-" + s.text(URLSAFE.replace("-", "_"), 64), "%s\n"),
        ("wandb", s.text(HEX, 40), 'wandb.login(key="%s")\n'),
        ("kaggle", s.text(HEX, 32), '{"username":"someone","key":"%s"}\n'),
        ("aws-pair", s.sure(B64, 40), "[default]\naws_access_key_id = " + account_id(s) + "\naws_secret_access_key = %s\n"),
        ("aws-secret-json", s.sure(B64, 40), '{"SecretAccessKey": "%s"}\n'),
        ("google-api", "AIza" + s.sure(WORD, 35), "https://maps.googleapis.com/maps/api/js?key=%s&v=3\n"),
        ("google-oauth-secret", "GOCSPX-" + s.text(WORD, 28), '{"client_secret":"%s"}\n'),
        ("azure-storage", base64.b64encode(hashlib.sha512(s.text(HEX, 9).encode()).digest()).decode(), "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=%s;EndpointSuffix=core.windows.net\n"),
        ("azure-entra", s.text(WORD, 3) + "8Q~" + s.sure(WORD, 34), "client_secret: %s\n"),
        ("alibaba-pair", s.sure(WORD, 30), "accessKeyId: LTAI5t" + s.sure(WORD, 18) + "\naccessKeySecret: %s\n"),
        ("tencent-pair", s.sure(WORD, 32), "SecretId: AKID" + s.sure(WORD, 32) + "\nSecretKey: %s\n"),
        ("digitalocean", "dop_v1_" + s.text(HEX, 64), "token=%s\n"),
        ("databricks", "dapi" + s.text(HEX, 31) + "7", "DATABRICKS_TOKEN=%s\n"),
        ("vault", "hvs." + s.sure(WORD, 95), "VAULT_TOKEN=%s\n"),
        ("slack-bot", "xoxb-" + slack, "SLACK_BOT_TOKEN=%s\n"),
        ("slack-webhook", "https://hooks.slack.com/services/T%s7/B%s7/%s" % (s.text(B32, 9), s.text(B32, 9), s.text(WORD, 24)), "%s\n"),
        ("discord-webhook", "https://discord.com/api/webhooks/%s/%s" % (s.text("123456789", 19), s.text(WORD, 68)), "%s\n"),
        ("feishu-webhook", "https://open.feishu.cn/open-apis/bot/v2/hook/" + uuid(s), "机器人：%s\n"),
        ("dingtalk-webhook", "https://oapi.dingtalk.com/robot/send?access_token=" + s.text(HEX, 64), "%s\n"),
        ("wecom-webhook", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=" + uuid(s), "%s\n"),
        ("telegram", s.text("123456789", 10) + ":AA" + s.text(WORD, 33), "bot = Bot('%s')\n"),
        ("stripe", "sk_live_" + s.sure(WORD, 99), "stripe.api_key = '%s'\n"),
        ("sendgrid", "SG.%s.%s" % (s.text(WORD, 22), s.text(WORD, 43)), "SENDGRID_API_KEY=%s\n"),
        ("twilio", s.text(HEX, 31) + "7", "TWILIO_AUTH_TOKEN=%s\n"),
        ("docker-pat", "dckr_pat_" + s.text(WORD, 27), "docker login -u a -p %s\n"),
    ]


def build(corpus):
    """Adds the samples."""
    def text(slug, name, content, technique):
        corpus.add("secrets", "secret-" + slug, name, content.encode() if isinstance(content, str) else content, technique, textual=True)

    for slug, value, around in tokens(Source("tokens")):
        text(slug, "settings.txt", around.replace("%s", value), "provider token")

    s = Source("places")
    token = "ghp_" + checked(s)
    plain = "apiVersion: v1\nkind: Secret\ndata:\n  token: %s\n"
    text("pem-rsa", "id_rsa", pem(s, "RSA PRIVATE KEY"), "private key")
    text("pem-pkcs8", "server.key", pem(s), "private key")
    text("pem-ec", "ec.pem", pem(s, "EC PRIVATE KEY", 110), "private key")
    text("pem-openssh", "id_ed25519", openssh(s), "private key")
    text("pem-in-json", "account.json", json.dumps({"type": "service_account", "private_key_id": s.text(HEX, 40), "private_key": pem(s)}), "service account file")
    text("pem-in-python", "keys.py", 'KEY = """' + pem(s) + '"""\n', "private key in source")
    text("pem-quoted-lines", "keys.js", "const key = " + " +\n  ".join('"%s\\n"' % line for line in pem(s).strip().split("\n")) + ";\n", "private key in source, a quoted text for each line")
    text("pem-after-certificate", "bundle.pem", pem(s, "CERTIFICATE") + pem(s), "private key behind a certificate")
    text("kubeconfig", "config", "users:\n- name: a\n  user:\n    client-key-data: %s\n" % base64.b64encode(pem(s, "RSA PRIVATE KEY").encode()).decode(), "private key in base64")
    text("kubernetes-secret", "secret.yaml", plain % base64.b64encode((token + "\n").encode()).decode(), "token in base64")
    text("base64-shifted", "data.txt", base64.b64encode(("t=" + token).encode()).decode() + "\n", "token in base64, not at its start")
    text("base64-shifted-twice", "data.txt", base64.b64encode(("x" + token).encode()).decode() + "\n", "token in base64, not at its start")
    text("docker-config", "config.json", json.dumps({"auths": {"registry.corp.test": {"auth": base64.b64encode(("bot:" + s.sure(WORD, 16)).encode()).decode()}}}), "registry password")
    text("basic-auth", "client.py", 'requests.get(URL, headers={"Authorization": "Basic %s"})\n' % base64.b64encode(("bot:" + s.sure(WORD, 16)).encode()).decode(), "header")
    text("netrc", ".netrc", "machine git.corp.test login bot password %s\n" % s.sure(WORD, 14), "password file")
    text("npmrc-legacy", ".npmrc", "//npm.corp.test/:_password=%s\n" % base64.b64encode(s.sure(WORD, 18).encode()).decode(), "password file")
    for scheme in ("postgres", "mysql+pymysql", "mongodb+srv", "redis", "amqp", "https", "clickhouse"):
        text("address-" + scheme.split("+")[0], "settings.toml", 'url = "%s://svc:%s@db.corp.test/main"\n' % (scheme, s.sure(WORD, 14)), "password in an address")
    text("in-notebook", "run.ipynb", json.dumps({"cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 1, "source": ["!export A=1\n" + token + "\n"]}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), "token in a notebook, after an escaped line end")
    text("in-jsonl", "train.jsonl", "".join(json.dumps({"text": "line %d" % i}) + "\n" for i in range(500)) + json.dumps({"text": "see\n" + token + "\nthere"}) + "\n", "token deep in a data set")
    text("late", "log.txt", "2024-01-01 all is well\n" * 500_000 + token + "\n", "token after eleven megabytes")
    text("across-blocks", "log.txt", "x" * (65536 * 5 - 20) + " " + token + " \n" + "y" * 70000, "token across the border of a block")
    text("utf16", "notes.txt", b"\xff\xfe" + ("token " + token + "\n").encode("utf-16-le"), "token in UTF-16")
    text("percent-encoded", "log.txt", "GET /x?a%3D" + token + "%26b HTTP/1.1\n", "token between percent escapes")
    text("behind-placeholder", "README.md", "export A=ghp_" + "x" * 36 + "\nexport A=" + token + "\n", "token behind a placeholder of its kind")
    text("chat-template", "chat_template.jinja", "{% for m in messages %}{{ m }}{% endfor %}{# " + token + " #}\n", "token in a chat template")
    text("tokenizer-config", "tokenizer_config.json", json.dumps({"tokenizer_class": "X", "auth": {"t": token}}), "token in a configuration")
    header = json.dumps({"__metadata__": {"args": "--token " + token}, "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    corpus.add("secrets", "secret-safetensors", "model.safetensors", struct.pack("<Q", len(header)) + header + bytes(8), "token in metadata", textual=True)
    key, value = b"general.description", ("trained with " + token).encode()
    gguf = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", len(key)) + key + struct.pack("<IQ", 8, len(value)) + value
    corpus.add("secrets", "secret-gguf", "model.gguf", gguf + bytes(-len(gguf) % 32), "token in metadata", textual=True)
    data = token.encode()
    corpus.add("secrets", "secret-pickle", "args.pkl", b"\x80\x04\x8c" + bytes([len(data)]) + data + b"\x94.", "token in a pickle", textual=True)
