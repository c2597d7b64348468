"""Benign samples of the leak engine: texts of real packages and libraries that hold much which looks like a secret.

What is read is what the venv has installed: licences, manifests with hashes, sources, documentation, vocabularies, certificates.
"""
import base64
import glob
import hashlib
import io
import json
import os
import random
import sysconfig
import uuid

import benign

WORD = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def texts(pattern, most):
    root = sysconfig.get_paths()["purelib"]
    found = sorted(glob.glob(os.path.join(root, pattern), recursive=True))
    return [path for path in found if os.path.isfile(path)][:most]


def joined(paths, most=4 << 20):
    out = bytearray()
    for path in paths:
        with open(path, "rb") as f:
            out += f.read() + b"\n"
        if len(out) > most:
            break
    return bytes(out[:most])


def samples(w):
    add = lambda name, file, data, technique, note="": w.add("secrets", name, file, data, technique, note)
    seen = 0
    for name, pattern, file in (
        ("licences", "*.dist-info/**/LICENSE*", "LICENSE"), ("records", "*.dist-info/RECORD", "RECORD"), ("metadata", "*.dist-info/METADATA", "METADATA"),
        ("pip", "pip/_internal/**/*.py", "pip.py"), ("pip-vendor", "pip/_vendor/**/*.py", "vendor.py"), ("requests", "requests/*.py", "requests.py"), ("urllib3", "urllib3/**/*.py", "urllib3.py"),
        ("certifi", "certifi/cacert.pem", "cacert.pem"), ("botocore", "botocore/*.py", "botocore.py"),
        ("botocore-data", "botocore/data/s3/**/*.json*", "service.json"), ("hub", "huggingface_hub/**/*.py", "hub.py"), ("openai", "openai/**/*.py", "openai.py"),
        ("anthropic", "anthropic/**/*.py", "anthropic.py"), ("transformers", "transformers/*.py", "transformers.py"), ("tokenizers", "tokenizers/**/*.py", "tokenizers.py"),
        ("sqlalchemy", "sqlalchemy/**/*.py", "sqlalchemy.py"), ("django-auth", "django/contrib/auth/**/*.py", "auth.py"), ("django-settings", "django/conf/**/*.py", "settings.py"),
        ("cryptography", "cryptography/**/*.py", "cryptography.py"), ("jwt", "jwt/*.py", "jwt.py"), ("boto3", "boto3/**/*.rst", "boto3.rst"), ("redis", "redis/**/*.py", "redis.py"),
        ("stripe", "stripe/*.py", "stripe.py"), ("slack", "slack_sdk/**/*.py", "slack.py"), ("passlib", "passlib/handlers/*.py", "passlib.py"), ("faker", "faker/providers/**/*.py", "faker.py"),
        ("mlflow", "mlflow/*.py", "mlflow.py"), ("jedi-stubs", "jedi/third_party/**/*.pyi", "stubs.pyi"), ("notebook-static", "notebook/static/*.js", "bundle.js"),
        ("jupyterlab-static", "jupyterlab/static/*.js", "bundle.js"), ("bokeh-static", "bokeh/server/static/js/*.min.js", "bokeh.min.js"), ("plotly", "plotly/package_data/*.js", "plotly.min.js"),
        ("emoji", "emoji/**/*.json", "emoji.json"), ("tiktoken", "tiktoken/*.py", "tiktoken.py"), ("twine", "twine/**/*.py", "twine.py"), ("keyring", "keyring/**/*.py", "keyring.py"),
        ("paramiko", "paramiko/*.py", "paramiko.py"), ("azure", "azure/**/*.py", "azure.py"), ("google-auth", "google/**/*.py", "google.py"), ("oauthlib", "oauthlib/**/*.py", "oauthlib.py"),
        ("telegram", "telegram/**/*.py", "telegram.py"), ("tencent", "tencentcloud/common/**/*.py", "tencent.py"), ("zhipu", "zhipuai/**/*.py", "zhipu.py"), ("dashscope", "dashscope/**/*.py", "dashscope.py"),
    ):
        paths = texts(pattern, 400)
        if paths:
            seen += 1
            add("package-" + name, file, joined(paths), "text of a real package")
    if not seen:
        raise benign.Missing("no packages beside pip")
    r = random.Random(5)
    pick = lambda alphabet, n: "".join(r.choice(alphabet) for _ in range(n))
    digest = lambda n: hashlib.sha256(str(n).encode()).hexdigest()
    add("hash-list", "SHA256SUMS", "".join("%s  file-%d.safetensors\n" % (digest(i), i) for i in range(2000)), "hashes")
    add("uuids", "ids.csv", "id,name\n" + "".join("%s,n%d\n" % (uuid.UUID(int=r.getrandbits(128), version=4), i) for i in range(2000)), "random identifiers")
    add("lfs-pointer", "model.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 4398\n" % digest(1), "Git LFS pointer")
    lock = {"lockfileVersion": 3, "packages": {"node_modules/p%d" % i: {"version": "1.0.%d" % i, "resolved": "https://registry.npmjs.org/p%d/-/p%d-1.0.tgz" % (i, i), "integrity": "sha512-" + base64.b64encode(hashlib.sha512(str(i).encode()).digest()).decode()} for i in range(500)}}
    add("npm-lock", "package-lock.json", json.dumps(lock, indent=1), "lock file")
    add("poetry-lock", "poetry.lock", "".join('[[package]]\nname = "p%d"\nfiles = [{file = "p.whl", hash = "sha256:%s"}]\n' % (i, digest(i)) for i in range(500)), "lock file")
    add("go-sum", "go.sum", "".join("example.test/m%d v1.0.0 h1:%s=\n" % (i, base64.b64encode(hashlib.sha256(str(i).encode()).digest()).decode()[:43]) for i in range(800)), "lock file")
    vocab = {("Ġ" if i % 2 else "") + word: i for i, word in enumerate(["token", "password", "secret", "api_key", "sk-", "hf_", "AKIA", "ghp_", "eyJ", "Bearer", "Basic", "://", "-----BEGIN"] + [pick(WORD, r.randint(2, 14)) for _ in range(30000)])}
    add("vocabulary", "vocab.json", json.dumps(vocab, ensure_ascii=False), "vocabulary")
    add("tokenizer", "tokenizer.json", json.dumps({"version": "1.0", "model": {"type": "BPE", "vocab": vocab, "merges": [["a", "b"]]}}), "vocabulary")
    image = base64.b64encode(b"\x89PNG\r\n\x1a\n" + r.randbytes(200_000)).decode()
    add("notebook-images", "plots.ipynb", json.dumps({"cells": [{"cell_type": "code", "metadata": {}, "execution_count": 1, "source": ["plot()"], "outputs": [{"output_type": "display_data", "metadata": {}, "data": {"image/png": image}}]}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), "notebook with pictures")
    add("base64-noise", "data.txt", base64.b64encode(r.randbytes(3_000_000)).decode(), "base64 of random bytes", "hard negative")
    add("base62-noise", "data.csv", "\n".join(pick(WORD, 64) for _ in range(20000)), "random text", "hard negative")
    add("hex-noise", "data.hex", "\n".join(r.randbytes(32).hex() for _ in range(20000)), "random text", "hard negative")
    add("wrong-checksums", "tokens.txt", "".join("ghp_%s\nnpm_%s\n" % (pick(WORD, 36), pick(WORD, 36)) for _ in range(300)), "tokens with a wrong checksum", "hard negative")
    add("placeholders", "README.md", "export HF_TOKEN=hf_your_token_here\nexport OPENAI_API_KEY=sk-...\nAPI_KEY=<your-api-key>\npassword: changeme\nurl = postgres://user:password@localhost/db\ntoken = ${{ secrets.GITHUB_TOKEN }}\nAWS_SECRET_ACCESS_KEY=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nhttps://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX\n", "placeholders", "hard negative")
    add("aws-manual", "guide.md", "aws_access_key_id = AKIAIOSFODNN7" + "EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY\n", "example of a manual", "hard negative")
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    add("jwt-sample", "jwt.md", "token: " + header + ".eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36" + "POk6yJV_adQssw5c\n", "example of a manual", "hard negative")
    add("ssh-public", "authorized_keys", "ssh-rsa %s someone@host\nssh-ed25519 %s someone@host\n" % (base64.b64encode(b"\0\0\0\x07ssh-rsa" + r.randbytes(270)).decode(), base64.b64encode(b"\0\0\0\x0bssh-ed25519" + r.randbytes(36)).decode()), "public keys", "hard negative")
    add("settings-code", "settings.py", 'import os\nSECRET_KEY = os.environ["SECRET_KEY"]\nPASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]\nAPI_KEY_HEADER = "X-API-Key"\npassword_field = forms.CharField(widget=PasswordInput2())\ntoken = get_token(user_id=12345678)\n', "code about secrets", "hard negative")
    add("chinese-text", "说明.md", "请在控制台创建密钥，然后设置环境变量。密码：至少八位，包含字母和数字。令牌（token）是模型的输入单位。\n" * 200, "Chinese text about secrets", "hard negative")
    add("git-log", "log.txt", "".join("commit %s\nAuthor: a <a@b.test>\n\n    change %d\n" % (hashlib.sha1(str(i).encode()).hexdigest(), i) for i in range(1000)), "commits")
    add("wandb-config", "config.yaml", "wandb:\n  project: x\n  run_id: %s\n  commit: %s\nwandb_version: 0.17.0\n" % (pick(WORD.lower(), 8), digest(3)[:40]), "configuration", "hard negative")
    words = io.StringIO()
    for _ in range(60000):
        words.write(r.choice(["the ", "token ", "password ", "is ", "secret ", "key ", "= ", ": ", "api ", "model ", "of ", "\n", "basic ", "bearer "]))
    add("words", "words.txt", words.getvalue(), "words")
