"""Credentials of services, made up: right in form and check digits, and opening nothing.

No value stands in this file; all are put together when the script runs. `TOKENS` are known by their looks, `NAMED` only by the
name before them, and the functions below `SPECIAL` write the whole piece of text around theirs.
"""

import base64
import hashlib
import json

import checksums
from base import BASE32, BASE64, DIGITS, HEX, LETTERS, LOWER, NAME, UPPER, URLSAFE, VALUE, WORD

B36 = DIGITS + LOWER
A36 = DIGITS + UPPER


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")


def jwt(d):
    header = d.choice(({"alg": "HS256", "typ": "JWT"}, {"typ": "JWT", "alg": "HS512"}, {"alg": "RS256", "typ": "JWT", "kid": d.text(HEX, 16)}))
    now = d.randint(1_690_000_000, 1_790_000_000)
    claims = d.choice(({"sub": str(d.randint(1, 99999)), "iat": now, "exp": now + 3600},
        {"iss": "auth." + d.text(LOWER, 9), "role": "service_role", "exp": now},
                       {"aud": d.text(LOWER, 8), "scope": "read write", "iat": now, "jti": d.uuid()}))
    return part(header) + "." + part(claims) + "." + d.sure(WORD, 342 if header["alg"] == "RS256" else 43)


def pypi(d):
    caveat = json.dumps({"version": 1, "permissions": "user"}).encode()
    raw = b"\x02\x01\x08pypi.org\x02\x24" + d.uuid().encode() + b"\x00\x02" + bytes([len(caveat)]) + caveat + b"\x00\x00\x06\x20" + d.randbytes(32)
    return "pypi-" + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def openai(d):
    match d.randrange(3):
        case 0:
            return f"sk-{d.text(WORD, 20)}T3BlbkFJ{d.text(WORD, 20)}"
        case 1:
            return f"sk-proj-{d.sure(URLSAFE, 74)}T3BlbkFJ{d.sure(URLSAFE, 74)}"
        case _:
            return f"sk-svcacct-{d.sure(URLSAFE, 58)}T3BlbkFJ{d.sure(URLSAFE, 58)}"


def slack(d):
    n = lambda k: d.digits(k)
    match d.randrange(3):
        case 0:
            return f"xoxb-{n(12)}-{n(13)}-{d.sure(WORD, 24)}"
        case 1:
            return f"xoxp-{n(12)}-{n(12)}-{n(13)}-{d.text(HEX, 32)}"
        case _:
            return f"xapp-1-A{d.text(A36, 10)}-{n(13)}-{d.text(HEX, 64)}"


def digit_hex(d, length):
    """Hexadecimal digits with a letter and a digit for certain."""
    while True:
        made = d.text(HEX, length)
        if any(c in "abcdef" for c in made) and any(c in DIGITS for c in made):
            return made


def mixed_letters(d, length):
    while True:
        made = d.text(LETTERS, length)
        if made != made.upper() and made != made.lower():
            return made


def checked(d):
    body = d.text(WORD, 30)
    return body + checksums.crc62(body)


# id: (how often, maker, names under which it stands)
TOKENS = {
    "aws_access_key_id": (40, checksums.aws_key_id, ("aws_access_key_id", "AWS_ACCESS_KEY_ID", "AccessKeyId", "accessKey")),
    "google_api_key": (40, lambda d: "AIzaSy" + d.sure(URLSAFE, 33), ("GOOGLE_API_KEY", "apiKey", "MAPS_KEY", "key")),
    "alibaba_access_key_id": (40, lambda d: d.choice(("LTAI5t" + d.sure(WORD, 18), "LTAI" + d.sure(WORD, 12))),
        ("accessKeyId", "ALIBABA_CLOUD_ACCESS_KEY_ID", "OSS_ACCESS_KEY_ID")),
    "tencent_secret_id": (40, lambda d: "AKID" + d.sure(WORD, 32), ("SecretId", "TENCENTCLOUD_SECRET_ID", "secretId")),
    "digitalocean_pat": (30, lambda d: d.choice(("dop_v1_", "doo_v1_", "dor_v1_")) + d.text(HEX, 64), ("DIGITALOCEAN_TOKEN", "do_token", "token")),
    "github_pat": (60, lambda d: d.choice(("ghp_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_")) + checked(d),
        ("GITHUB_TOKEN", "GH_TOKEN", "token", "password")),
    "github_fine_grained_pat": (30, lambda d: f"github_pat_11{d.text(A36, 10)}0{d.text(WORD, 9)}_{d.sure(WORD, 59)}", ("GITHUB_TOKEN", "gh_pat")),
    "gitlab_pat": (40, lambda d: d.choice(("glpat-", "glpat-", "gldt-", "glptt-", "glft-")) + d.sure(URLSAFE, 20),
        ("GITLAB_TOKEN", "CI_JOB_TOKEN", "PRIVATE-TOKEN")),
    "npm_token": (40, lambda d: "npm_" + checked(d), ("NPM_TOKEN", "_authToken", "NODE_AUTH_TOKEN")),
    "pypi_token": (30, pypi, ("TWINE_PASSWORD", "PYPI_TOKEN", "password")),
    "huggingface_token": (60, lambda d: "hf_" + mixed_letters(d, 34), ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "token", "use_auth_token")),
    "openai_api_key": (60, openai, ("OPENAI_API_KEY", "openai.api_key", "api_key")),
    "anthropic_api_key": (50, lambda d: d.choice(("sk-ant-api03-", "sk-ant-api03-", "sk-ant-admin01-")) + d.sure(URLSAFE, 93) + "AA",
        ("ANTHROPIC_API_KEY", "x-api-key", "claude_key")),
    "deepseek_api_key": (50, lambda d: "sk-" + digit_hex(d, 32), ("DEEPSEEK_API_KEY", "DASHSCOPE_API_KEY", "api_key", "密钥")),
    "slack_token": (40, slack, ("SLACK_BOT_TOKEN", "SLACK_TOKEN", "token")),
    "telegram_bot_token": (40, lambda d: f"{d.digits(d.choice((9, 10)))}:AA{d.sure(URLSAFE, 33)}", ("TELEGRAM_BOT_TOKEN", "bot_token", "TG_TOKEN")),
    "stripe_secret_key": (40, lambda d: d.choice(("sk_live_", "rk_live_")) + d.sure(WORD, d.choice((24, 99))),
        ("STRIPE_SECRET_KEY", "stripe.api_key", "secret")),
    "sendgrid_key": (40, lambda d: f"SG.{d.sure(URLSAFE, 22)}.{d.sure(URLSAFE, 43)}", ("SENDGRID_API_KEY", "smtp_password", "apikey")),
    "jwt": (60, jwt, ("access_token", "Authorization", "id_token", "jwt")),
    # Further services, fewer of each.
    "aws_bedrock_key": (6, lambda d: "ABSKQmVkcm9ja0FQSUtleS" + d.sure(WORD, 110), ("AWS_BEARER_TOKEN_BEDROCK",)),
    "google_oauth_secret": (6, lambda d: "GOCSPX-" + d.sure(URLSAFE, 28), ("client_secret",)),
    "google_oauth_token": (6, lambda d: "ya29." + d.sure(URLSAFE, 160), ("access_token",)),
    "google_refresh_token": (6, lambda d: "1//0" + d.sure(URLSAFE, 60), ("refresh_token",)),
    "azure_ad_client_secret": (6, lambda d: d.sure(WORD, 3) + d.choice("78") + "Q~" + d.sure(WORD + "_.-", 34), ("AZURE_CLIENT_SECRET",)),
    "heroku_api_key": (6, lambda d: "HRKU-AA" + d.sure(WORD, 58), ("HEROKU_API_KEY",)),
    "netlify_token": (6, lambda d: "nfp_" + d.sure(WORD, 36), ("NETLIFY_AUTH_TOKEN",)),
    "render_api_key": (6, lambda d: "rnd_" + d.sure(WORD, 32), ("RENDER_API_KEY",)),
    "supabase_token": (6, lambda d: "sbp_" + digit_hex(d, 40), ("SUPABASE_ACCESS_TOKEN",)),
    "planetscale_token": (6, lambda d: f"pscale_tkn_{d.sure(URLSAFE, 43)}", ("PLANETSCALE_TOKEN",)),
    "databricks_token": (8, lambda d: "dapi" + digit_hex(d, 32), ("DATABRICKS_TOKEN",)),
    "terraform_token": (6, lambda d: f"{d.sure(WORD, 14)}.atlasv1.{d.sure(WORD, 67)}", ("TFE_TOKEN",)),
    "vault_token": (8, lambda d: d.choice(("hvs.", "hvb.")) + d.sure(URLSAFE, 95), ("VAULT_TOKEN",)),
    "doppler_token": (6, lambda d: "dp.pt." + d.sure(WORD, 43), ("DOPPLER_TOKEN",)),
    "pulumi_token": (6, lambda d: "pul-" + digit_hex(d, 40), ("PULUMI_ACCESS_TOKEN",)),
    "age_secret_key": (6, lambda d: "AGE-SECRET-KEY-1" + d.text(checksums.BECH32.upper(), 58), ("SOPS_AGE_KEY",)),
    "tailscale_key": (6, lambda d: f"tskey-auth-{d.sure(WORD, 12)}CNTRL-{d.sure(WORD, 32)}", ("TS_AUTHKEY",)),
    "openrouter_api_key": (8, lambda d: "sk-or-v1-" + d.text(HEX, 64), ("OPENROUTER_API_KEY",)),
    "langfuse_secret_key": (6, lambda d: "sk-lf-" + d.uuid(), ("LANGFUSE_SECRET_KEY",)),
    "moonshot_api_key": (8, lambda d: "sk-" + d.sure(WORD, 48), ("MOONSHOT_API_KEY", "SILICONFLOW_API_KEY")),
    "replicate_api_token": (8, lambda d: "r8_" + d.sure(WORD, 37), ("REPLICATE_API_TOKEN",)),
    "groq_api_key": (8, lambda d: "gsk_" + d.sure(WORD, 52), ("GROQ_API_KEY",)),
    "perplexity_api_key": (6, lambda d: "pplx-" + d.sure(WORD, 48), ("PPLX_API_KEY",)),
    "xai_api_key": (6, lambda d: "xai-" + d.sure(WORD, 80), ("XAI_API_KEY",)),
    "nvidia_api_key": (6, lambda d: "nvapi-" + d.sure(URLSAFE, 64), ("NVIDIA_API_KEY",)),
    "cerebras_api_key": (6, lambda d: "csk-" + d.text(B36, 48), ("CEREBRAS_API_KEY",)),
    "langsmith_api_key": (6, lambda d: f"lsv2_pt_{digit_hex(d, 32)}_{digit_hex(d, 10)}", ("LANGCHAIN_API_KEY",)),
    "pinecone_api_key": (6, lambda d: f"pcsk_{d.text(WORD, 6)}_{d.sure(WORD, 63)}", ("PINECONE_API_KEY",)),
    "together_api_key": (6, lambda d: "tgp_v1_" + d.sure(URLSAFE, 43), ("TOGETHER_API_KEY",)),
    "elevenlabs_api_key": (6, lambda d: "sk_" + digit_hex(d, 48), ("ELEVENLABS_API_KEY",)),
    "tavily_api_key": (6, lambda d: "tvly-dev-" + d.sure(WORD, 32), ("TAVILY_API_KEY",)),
    "jina_api_key": (6, lambda d: f"jina_{digit_hex(d, 32)}{d.sure(WORD, 28)}", ("JINA_API_KEY",)),
    "baidu_api_key": (6, lambda d: f"bce-v3/ALTAK-{d.sure(WORD, 21)}/{digit_hex(d, 40)}", ("QIANFAN_TOKEN",)),
    "kaggle_token": (6, lambda d: "KGAT_" + digit_hex(d, 32), ("KAGGLE_API_TOKEN",)),
    "gitlab_runner_token": (6, lambda d: "GR1348941" + d.sure(URLSAFE, 20), ("REGISTRATION_TOKEN",)),
    "bitbucket_token": (6, lambda d: "ATBB" + d.sure(WORD, 32), ("BITBUCKET_TOKEN",)),
    "rubygems_key": (6, lambda d: "rubygems_" + digit_hex(d, 48), ("GEM_HOST_API_KEY",)),
    "crates_io_token": (6, lambda d: "cio" + d.sure(WORD, 32), ("CARGO_REGISTRY_TOKEN",)),
    "nuget_key": (6, lambda d: "oy2" + d.text(B36, 42) + "7", ("NUGET_API_KEY",)),
    "docker_pat": (8, lambda d: "dckr_pat_" + d.sure(URLSAFE, 27), ("DOCKER_PASSWORD",)),
    "clojars_token": (6, lambda d: "CLOJARS_" + d.text(B36, 60), ("CLOJARS_PASSWORD",)),
    "sonar_token": (6, lambda d: d.choice(("squ_", "sqp_")) + digit_hex(d, 40), ("SONAR_TOKEN",)),
    "circleci_token": (6, lambda d: f"CCIPAT_{d.sure(WORD, 22)}_{digit_hex(d, 40)}", ("CIRCLE_TOKEN",)),
    "buildkite_token": (6, lambda d: "bkua_" + digit_hex(d, 40), ("BUILDKITE_API_TOKEN",)),
    "sourcegraph_token": (6, lambda d: "sgp_" + digit_hex(d, 40), ("SRC_ACCESS_TOKEN",)),
    "sentry_token": (6, lambda d: "sntryu_" + digit_hex(d, 64), ("SENTRY_AUTH_TOKEN",)),
    "linear_key": (6, lambda d: "lin_api_" + d.sure(WORD, 40), ("LINEAR_API_KEY",)),
    "notion_token": (6, lambda d: "ntn_" + d.digits(11) + d.sure(WORD, 35), ("NOTION_TOKEN",)),
    "figma_token": (6, lambda d: "figd_" + d.sure(URLSAFE, 40), ("FIGMA_TOKEN",)),
    "postman_key": (6, lambda d: f"PMAK-{digit_hex(d, 24)}-{digit_hex(d, 34)}", ("POSTMAN_API_KEY",)),
    "readme_key": (6, lambda d: "rdme_" + d.text(B36, 70), ("README_API_KEY",)),
    "launchdarkly_key": (6, lambda d: "sdk-" + d.uuid(), ("LAUNCHDARKLY_SDK_KEY",)),
    "grafana_token": (6, lambda d: f"glsa_{d.sure(WORD, 32)}_{digit_hex(d, 8)}", ("GRAFANA_TOKEN",)),
    "newrelic_key": (6, lambda d: "NRAK-" + d.text(A36, 26) + "7", ("NEW_RELIC_API_KEY",)),
    "dynatrace_token": (6, lambda d: f"dt0c01.{d.text(A36, 24)}.{d.text(A36, 64)}", ("DT_API_TOKEN",)),
    "honeycomb_key": (6, lambda d: "hcaik_01" + d.text(B36, 56), ("HONEYCOMB_API_KEY",)),
    "mapbox_token": (6, lambda d: f"sk.eyJ1Ijoi{d.sure(WORD, 60)}.{d.sure(WORD, 22)}", ("MAPBOX_SECRET_TOKEN",)),
    "contentful_token": (6, lambda d: "CFPAT-" + d.sure(URLSAFE, 43), ("CONTENTFUL_TOKEN",)),
    "shopify_token": (8, lambda d: d.choice(("shpat_", "shpss_", "shpca_")) + digit_hex(d, 32), ("SHOPIFY_ACCESS_TOKEN",)),
    "square_token": (6, lambda d: "sq0csp-" + d.sure(URLSAFE, 43), ("SQUARE_SECRET",)),
    "stripe_webhook_secret": (6, lambda d: "whsec_" + d.sure(WORD, 32), ("STRIPE_WEBHOOK_SECRET",)),
    "razorpay_key": (6, lambda d: "rzp_live_" + d.sure(WORD, 14), ("RAZORPAY_KEY",)),
    "flutterwave_key": (6, lambda d: f"FLWSECK-{digit_hex(d, 32)}-X", ("FLW_SECRET_KEY",)),
    "easypost_key": (6, lambda d: "EZAK" + d.sure(WORD, 54), ("EASYPOST_API_KEY",)),
    "shippo_token": (6, lambda d: "shippo_live_" + digit_hex(d, 40), ("SHIPPO_TOKEN",)),
    "duffel_token": (6, lambda d: "duffel_live_" + d.sure(URLSAFE, 43), ("DUFFEL_TOKEN",)),
    "dingtalk_secret": (6, lambda d: "SEC" + digit_hex(d, 64), ("DINGTALK_SECRET",)),
    "brevo_key": (6, lambda d: f"xkeysib-{digit_hex(d, 64)}-{d.sure(WORD, 16)}", ("BREVO_API_KEY",)),
    "resend_key": (6, lambda d: f"re_{d.sure(WORD, 8)}_{d.sure(WORD, 24)}", ("RESEND_API_KEY",)),
    "hubspot_token": (6, lambda d: "pat-na1-" + d.uuid(), ("HUBSPOT_TOKEN",)),
    "facebook_token": (6, lambda d: "EAAB" + d.sure(WORD, 160), ("FB_ACCESS_TOKEN",)),
    "typeform_token": (6, lambda d: "tfp_" + d.sure(WORD, 44), ("TYPEFORM_TOKEN",)),
    "dropbox_token": (6, lambda d: "sl.u." + d.sure(URLSAFE, 140), ("DROPBOX_TOKEN",)),
    "adobe_secret": (6, lambda d: "p8e-" + d.sure(WORD, 32), ("ADOBE_CLIENT_SECRET",)),
}

WEBHOOKS = {
    "slack_webhook": (40, lambda d: f"https://hooks.slack.com/services/T{d.text(A36, 9)}7/B{d.text(A36, 9)}3/{d.sure(WORD, 24)}"),
    "discord_webhook": (40, lambda d: f"https://{d.choice(('discord.com', 'discordapp.com'))}/api/webhooks/{d.digits(19)}/{d.sure(URLSAFE, 68)}"),
    "feishu_webhook": (40, lambda d: f"https://open.{d.choice(('feishu.cn', 'larksuite.com'))}/open-apis/bot/v2/hook/{d.uuid()}"),
    "dingtalk_webhook": (8, lambda d: "https://oapi.dingtalk.com/robot/send?access_token=" + digit_hex(d, 64)),
    "wecom_webhook": (8, lambda d: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=" + d.uuid()),
}

NAMED = {
    "aws_secret_access_key": (50, lambda d: d.sure(BASE64, 40), ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY", "SecretAccessKey",
        "secretAccessKey")),
    "azure_storage_key": (40, lambda d: base64.b64encode(d.randbytes(64)).decode(),
        ("AccountKey", "account_key", "AZURE_STORAGE_ACCOUNT_KEY", "storage_account_key")),
    "zhipu_api_key": (40, lambda d: f"{digit_hex(d, 32)}.{d.sure(WORD, 16)}",
        ("ZHIPUAI_API_KEY", "zhipu_key", "ZHIPU_API_KEY", "智谱密钥", "glm_api_key")),
    "twilio_key": (40, lambda d: digit_hex(d, 32), ("TWILIO_AUTH_TOKEN", "twilio_auth_token", "TwilioAuthToken")),
    "generic_api_key": (70, lambda d: d.choice((lambda: d.sure(WORD, d.randint(24, 40)), lambda: d.sure(URLSAFE, 32),
        lambda: digit_hex(d, d.choice((32, 40, 48, 64)))))(),
                        ("api_key", "API_KEY", "apiKey", "client_secret", "clientSecret", "SERVICE_TOKEN", "auth_token", "access_token", "app_secret",
                            "secret_key", "密钥", "internal_api_key")),
    "generic_password": (70, lambda d: password(d), ("password", "PASSWORD", "DB_PASSWORD", "db_password", "passwd", "pwd",
        "spring.datasource.password", "admin_password", "密码", "口令", "MYSQL_ROOT_PASSWORD", "redisPassword")),
    "alibaba_secret_key": (10, lambda d: d.sure(WORD, 30), ("accessKeySecret", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "access_key_secret")),
    "cloudflare_token": (6, lambda d: d.sure(URLSAFE, 40), ("CLOUDFLARE_API_TOKEN", "CF_API_TOKEN")),
    "wandb_api_key": (8, lambda d: digit_hex(d, 40), ("WANDB_API_KEY", "wandb_key")),
    "kaggle_key": (6, lambda d: digit_hex(d, 32), ("KAGGLE_KEY",)),
    "cohere_api_key": (6, lambda d: d.sure(WORD, 40), ("COHERE_API_KEY", "CO_API_KEY")),
    "mistral_api_key": (6, lambda d: d.sure(WORD, 32), ("MISTRAL_API_KEY",)),
    "azure_openai_key": (6, lambda d: digit_hex(d, 32), ("AZURE_OPENAI_KEY", "AZURE_OPENAI_API_KEY")),
    "voyage_api_key": (6, lambda d: "pa-" + d.sure(URLSAFE, 43), ("VOYAGE_API_KEY",)),
    "datadog_key": (6, lambda d: digit_hex(d, 32), ("DD_API_KEY", "DATADOG_API_KEY")),
    "snyk_codecov_token": (6, lambda d: d.uuid(), ("SNYK_TOKEN", "CODECOV_TOKEN")),
    "vercel_token": (6, lambda d: d.sure(WORD, 24), ("VERCEL_TOKEN",)),
    "huawei_secret_key": (6, lambda d: d.sure(WORD, 40), ("HW_SECRET_KEY", "HUAWEICLOUD_SDK_SK")),
    "mailgun_key": (6, lambda d: "key-" + digit_hex(d, 32), ("MAILGUN_API_KEY",)),
    "okta_token": (6, lambda d: "00" + d.sure(URLSAFE, 40), ("OKTA_API_TOKEN",)),
}


def password(d):
    """What people and password generators take; no words that stand in for one."""
    word = d.choice(("Nebel", "Kaktus", "Ladrillo", "Wolke", "otter", "Falcon", "maison", "Brisa", "tulip", "Zorro", "granit", "Pelikan", "juniper",
        "Okinawa", "shanghai"))
    match d.randrange(3):
        case 0:
            return d.sure(WORD, d.randint(10, 20))
        case 1:
            return f"{word}{d.choice('!#%_-.')}{d.choice(('Turm', 'lake', 'Rio', 'Berg', 'kiwi', 'Nord'))}{d.randint(103, 9876)}"
        case _:
            return d.sure(WORD, d.randint(5, 8)) + d.choice("!#%*+-_") + d.sure(WORD, d.randint(4, 8))


def der(d, size):
    body = d.randbytes(size)
    return b"\x30\x82" + (size + 4).to_bytes(2, "big") + b"\x02\x01\x00\x02" + body


def private_key_pem(d, doc):
    label = d.choice(("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"))
    if label.startswith("OPENSSH"):
        raw = b"openssh-key-v1\0" + b"\0\0\0\x04none\0\0\0\x04none\0\0\0\0\0\0\0\x01" + d.randbytes(300)
    elif label.startswith("EC"):
        raw = b"\x30\x77\x02\x01\x01\x04\x20" + d.randbytes(32) + b"\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\xa1\x44\x03\x42\x00\x04" + d.randbytes(64)
    else:
        raw = der(d, d.choice((600, 1190)))
    text = base64.b64encode(raw).decode()
    lines = [f"-----BEGIN {label}-----", *(text[at:at + 64] for at in range(0, len(text), 64)), f"-----END {label}-----"]
    match d.randrange(4):
        case 0:
            doc.add('{"private_key": "')
            doc.value("private_key_pem", "\\n".join(lines), part=True)
            doc.add('\\n", "client": "batch"}')
        case 1:
            doc.add("tls:\n  key: |\n    ")
            doc.value("private_key_pem", "\n    ".join(lines), part=True)
        case 2:
            doc.add('KEY = """')
            doc.value("private_key_pem", "\n".join(lines), part=True)
            doc.add('"""')
        case _:
            doc.value("private_key_pem", "\n".join(lines), part=True)


def gcp_private_key_id_json(d, doc):
    project = d.text(LOWER, 8)
    doc.add(f'{{"type": "service_account", "project_id": "{project}", "private_key_id": "')
    doc.value("gcp_private_key_id_json", digit_hex(d, 40))
    if d.chance(0.5):
        text = base64.b64encode(der(d, 600)).decode()
        doc.add('", "private_key": "')
        doc.value("private_key_pem", "-----BEGIN PRIVATE KEY-----\\n" + "\\n".join(text[at:at + 64] for at in range(0, len(text),
            64)) + "\\n-----END PRIVATE KEY-----", part=True)
        doc.add("\\n")
    doc.add('", "client_id": "' + d.digits(21) + '", "auth_uri": "https://auth.example.invalid/o/oauth2"}')


def basic_auth_header(d, doc):
    value = encoded(d.choice(("deploy", "svc-" + d.text(LOWER, 5), "admin", d.text(LOWER, 7))) + ":" + password(d))
    doc.fill(d.choice((f"Authorization: Basic {VALUE}", f"curl -H 'Authorization: Basic {VALUE}' https://api.example.invalid/v2/jobs",
        f'"headers": {{"Authorization": "Basic {VALUE}"}}',
                       f"req.Header.Set(\"Authorization\", \"Basic {VALUE}\")", f"<td>Authorization: Basic {VALUE}</td>",
                       f"2026-04-11 10:02:11 DEBUG > authorization: Basic {VALUE}",
                       f"proxy-authorization: Basic {VALUE}\\r\\n")), lambda doc: doc.value("basic_auth_header", value))


def url_credentials(d, doc):
    user, secret = d.choice(("app", "deploy", "svc", "root", d.text(LOWER, 6))), d.choice((d.sure(WORD, 12), d.sure(WORD, 16), d.text(HEX, 24),
        f"{d.text(LOWER, 6)}{d.randint(100, 9999)}X"))
    host = d.choice(("db", "cache", "git", "mq")) + "." + d.text(LOWER, 7) + d.choice((".example.invalid", ".internal", ".corp.test"))
    url = d.choice((f"postgres://{user}:{VALUE}@{host}:5432/main", f"mysql+pymysql://{user}:{VALUE}@{host}/shop?charset=utf8mb4",
        f"mongodb+srv://{user}:{VALUE}@{host}/prod",
                    f"redis://:{VALUE}@{host}:6379/0", f"amqps://{user}:{VALUE}@{host}/vhost", f"https://{user}:{VALUE}@{host}/team/repo.git",
                    f"ftp://{user}:{VALUE}@{host}/in",
                    f"smtp://{user}:{VALUE}@{host}:587"))
    around = d.choice(("DATABASE_URL={}", 'engine = create_engine("{}")', "url: {}", "git clone {}", "<td>{}</td>", "连接串：{}，请勿外传。",
        '{{"url":"{}","pool":5}}', "see {} for the replica", "{}\\n"))
    doc.fill(around.format(url), lambda doc: doc.value("url_credentials", secret))


def base64_wrapped_secret(d, doc):
    kind = d.choice(("github_pat", "huggingface_token", "openai_api_key", "aws", "deepseek_api_key", "slack_token"))
    if kind == "aws":
        text = f"[default]\naws_access_key_id = {checksums.aws_key_id(d)}\naws_secret_access_key = {d.sure(BASE64, 40)}\n"
    else:
        _, make, names = TOKENS[kind]
        text = d.choice(("{n}={v}", "{v}", '{{"{n}": "{v}"}}', "export {n}={v}\n")).format(n=d.choice(names), v=make(d))
    value = encoded(text)
    doc.fill(d.choice((f"data:\n  token: {VALUE}\n", f'payload = "{VALUE}"', f"kind: Secret\ndata:\n  config: {VALUE}", f"echo {VALUE} | base64 -d",
        f"<td>{VALUE}</td>", f"{{\"blob\": \"{VALUE}\"}}",
                       f"配置（编码后）：{VALUE}。")), lambda doc: doc.value("base64_wrapped_secret", value, part=True))


def pair(d, doc):
    """An id and its secret side by side."""
    match d.randrange(3):
        case 0:
            first, second = ("aws_access_key_id", checksums.aws_key_id(d)), ("aws_secret_access_key", d.sure(BASE64, 40))
            names = d.choice((("[default]\naws_access_key_id = ", "\naws_secret_access_key = ", "\n"),
                ('{"AccessKeyId": "', '", "SecretAccessKey": "', '", "SessionToken": null}'),
                              ("export AWS_ACCESS_KEY_ID=", " AWS_SECRET_ACCESS_KEY=", " && make deploy")))
        case 1:
            first, second = ("alibaba_access_key_id", "LTAI5t" + d.sure(WORD, 18)), ("alibaba_secret_key", d.sure(WORD, 30))
            names = d.choice((("accessKeyId: ", "\naccessKeySecret: ", "\n"), ("阿里云 AccessKeyId：", "，AccessKeySecret：", "。")))
        case _:
            first, second = ("tencent_secret_id", "AKID" + d.sure(WORD, 32)), ("tencent_secret_key", d.sure(WORD, 32))
            names = d.choice((("SecretId: ", "\nSecretKey: ", "\n"), ("TENCENTCLOUD_SECRET_ID=", "\nTENCENTCLOUD_SECRET_KEY=", "\n"),
                ('{"secretId":"', '","secretKey":"', '","region":"ap-guangzhou"}')))
    doc.add(names[0])
    doc.value(*first)
    doc.add(names[1])
    doc.value(*second)
    doc.add(names[2])


SPECIAL = {"private_key_pem": (40, private_key_pem), "gcp_private_key_id_json": (40, gcp_private_key_id_json),
    "basic_auth_header": (50, basic_auth_header),
           "url_credentials": (60, url_credentials), "base64_wrapped_secret": (50, base64_wrapped_secret), "pair": (60, pair)}

# How a value stands where its looks say enough.
BARE = tuple(text.replace("{}", VALUE) for text in (
    '"{}"', "'{}'", "`{}`", "<td>{}</td>", "<b>{}</b>", "id,{},active", "1042;{};ok", "| {} |", "https://api.example.invalid/v1?token={}&page=2",
    "https://api.example.invalid/cb#access={}",
    "key={}&q=rain", "%3D{}%26x", "note: {}\\nnext line", "({})", "[{}]", "请使用{}，谢谢。", "新的令牌：{}。", "“{}”", "（{}）", "「{}」を使ってください", "It was {}.",
    "was it {}?", '{{"body":"{{\\"t\\":\\"{}\\"}}"}}'.replace("{{", "{").replace("}}", "}"),
    '\\"{}\\"', "\t{}\t", "Bearer {}", "x:{}", "- {}", "{}", "{};", "> {}", "curl -u :{} https://api.example.invalid/me", "&gt;{}&lt;", "{}</p>",
    "*{}*", "old={},new=none"))
# How a value stands after its name.
ASSIGNED = tuple(text.replace("{}", VALUE).replace("@", NAME) for text in (
    "@={}", 'export @="{}"', '@ = "{}"', "@ = '{}'", "@: {}", '@: "{}"', '"@": "{}",', '{"@":"{}"}', "@ => '{}',", 'const @ = "{}";',
    "<add key=\"@\" value=\"{}\"/>", "ENV @={}", "  - name: @\n    value: {}",
    "@：{}", "set @={}", "--set @={}", "@ = {}", 'os.environ["@"] = "{}"', '\\"@\\":\\"{}\\"', "@=\"{}\" python run.py", "@: '{}'  # rotate in May"))
# The way of `ASSIGNED` that an XML attribute named apart takes is not one that a name before the value tells.
NEAR = tuple(text for text in ASSIGNED if "<add" not in text and "- name" not in text)


def plan(scale=1):
    """(type, how often) of everything here."""
    for table in (TOKENS, WEBHOOKS, NAMED, SPECIAL):
        for kind, row in table.items():
            yield kind, max(1, round(row[0] * scale))


def put(kind, d, doc):
    """Writes one secret in some surrounding."""
    if kind in SPECIAL:
        SPECIAL[kind][1](d, doc)
        return
    row = TOKENS.get(kind) or WEBHOOKS.get(kind) or NAMED[kind]
    value = row[1](d)
    names = row[2] if len(row) > 2 else ("webhook", "WEBHOOK_URL", "机器人地址")
    if kind in NAMED:
        template = d.choice(NEAR).replace(NAME, d.choice(names))
        if kind == "azure_storage_key" and d.chance(0.4):
            template = f"DefaultEndpointsProtocol=https;AccountName={d.text(LOWER, 8)};AccountKey={VALUE};EndpointSuffix=core.windows.net"
    elif d.chance(0.45):
        template = d.choice(ASSIGNED).replace(NAME, d.choice(names))
    else:
        template = d.choice(BARE)
    doc.fill(template, lambda doc: doc.value(kind, value, part=kind in WEBHOOKS))
