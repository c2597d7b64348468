"""Which of our types the types of each tool stand for. A type that is not here counts for its class only (the lenient column)."""

import re

# Types that say the same of one value, whoever reports it.
SAME = ({"credit_card", "cn_bank_card"},)
# A hidden order is an order too: the second type is right beside the first one.
BESIDE = {"html_hidden_text": {"prompt_injection"}, "ansi_escape": {"prompt_injection"}, "special_token_injection": {"prompt_injection"},
    "prompt_injection": {"special_token_injection", "html_hidden_text"},
          "base64_instruction": {"prompt_injection"}, "unicode_tag_smuggling": {"prompt_injection"},
          "variation_selector_smuggling": {"prompt_injection", "zero_width_payload"}, "zero_width_payload": {"prompt_injection"}}

GENERIC = {"generic_api_key", "generic_password"}
AWS = {"aws_access_key_id", "aws_secret_access_key"}
# What the ids of secret scanners hold, in lower case, and what it stands for; the first that is found decides.
PROVIDERS = (
    ("bedrock", {"aws_bedrock_key"}), ("aws", AWS), ("google oauth2 access|gcp-oauth", {"google_oauth_token"}),
    ("google.?oauth|gocspx|google multi", {"google_oauth_secret", "google_refresh_token", "google_api_key"}),
    ("gcp.?service|google.?(cloud|service).?account|credentials", {"gcp_private_key_id_json", "private_key_pem"}),
    ("google|gcp|gemini", {"google_api_key", "google_oauth_token", "google_oauth_secret", "gcp_private_key_id_json"}),
    ("azure.?storage|azure storage", {"azure_storage_key"}), ("azure.*openai|azureopenai", {"azure_openai_key"}),
    ("azure|entra", {"azure_storage_key", "azure_ad_client_secret", "azure_openai_key"}),
    ("alibaba|aliyun", {"alibaba_access_key_id", "alibaba_secret_key"}), ("tencent", {"tencent_secret_id", "tencent_secret_key"}),
    ("digitalocean|digital ocean", {"digitalocean_pat"}),
    ("github|git-?hub", {"github_pat", "github_fine_grained_pat"}), ("gitlab", {"gitlab_pat", "gitlab_runner_token"}), ("npm", {"npm_token"}),
    ("pypi", {"pypi_token"}), ("hugging", {"huggingface_token"}),
    ("openrouter", {"openrouter_api_key"}), ("openai", {"openai_api_key"}), ("anthropic|claude", {"anthropic_api_key"}),
    ("deepseek|dashscope|qwen", {"deepseek_api_key"}), ("moonshot|kimi|siliconflow", {"moonshot_api_key"}), ("zhipu|bigmodel|glm", {"zhipu_api_key"}),
    ("slack.*(webhook|hook)", {"slack_webhook"}), ("slack", {"slack_token", "slack_webhook"}), ("discord", {"discord_webhook"}),
    ("feishu|lark", {"feishu_webhook"}), ("dingtalk|dingding", {"dingtalk_webhook", "dingtalk_secret"}), ("wecom|weixin|wechat", {"wecom_webhook"}),
    ("telegram", {"telegram_bot_token"}), ("stripe.*webhook", {"stripe_webhook_secret"}), ("stripe", {"stripe_secret_key", "stripe_webhook_secret"}),
    ("sendgrid", {"sendgrid_key"}), ("twilio", {"twilio_key"}), ("jwt|json web token", {"jwt"}),
    ("private.?key|pem|ssh", {"private_key_pem"}),
    ("basic.?auth.*url|url.?credential|uri|connection|postgres|mongo|mysql|redis|amqp|jdbc|credentials in url", {"url_credentials"}),
    ("basic", {"basic_auth_header", "url_credentials"}),
    ("base64", {"base64_wrapped_secret"}), ("heroku", {"heroku_api_key"}), ("netlify", {"netlify_token"}), ("render", {"render_api_key"}),
    ("supabase", {"supabase_token"}), ("planetscale", {"planetscale_token"}), ("databricks", {"databricks_token"}),
    ("terraform|hashicorp.?tf|hcp", {"terraform_token"}), ("vault", {"vault_token"}), ("doppler", {"doppler_token"}), ("pulumi", {"pulumi_token"}),
    (r"\bage\b|age.secret", {"age_secret_key"}), ("tailscale", {"tailscale_key"}), ("langfuse", {"langfuse_secret_key"}),
    ("replicate", {"replicate_api_token"}), ("groq", {"groq_api_key"}), ("perplexity", {"perplexity_api_key"}), ("xai|grok", {"xai_api_key"}),
    ("nvidia|ngc", {"nvidia_api_key"}), ("cerebras", {"cerebras_api_key"}), ("langsmith|langchain", {"langsmith_api_key"}),
    ("pinecone", {"pinecone_api_key"}), ("together", {"together_api_key"}), ("eleven", {"elevenlabs_api_key"}), ("tavily", {"tavily_api_key"}),
    ("jina", {"jina_api_key"}), ("baidu|qianfan", {"baidu_api_key"}), ("kaggle", {"kaggle_token", "kaggle_key"}),
    ("bitbucket|atlassian", {"bitbucket_token"}), ("rubygems", {"rubygems_key"}), ("crates|cargo", {"crates_io_token"}), ("nuget", {"nuget_key"}),
    ("docker", {"docker_pat"}), ("clojars", {"clojars_token"}), ("sonar", {"sonar_token"}), ("circle", {"circleci_token"}),
    ("buildkite", {"buildkite_token"}), ("sourcegraph", {"sourcegraph_token"}), ("sentry", {"sentry_token"}), ("linear", {"linear_key"}),
    ("notion", {"notion_token"}), ("figma", {"figma_token"}), ("postman", {"postman_key"}), ("readme", {"readme_key"}),
    ("launchdarkly", {"launchdarkly_key"}), ("grafana", {"grafana_token"}), ("new.?relic", {"newrelic_key"}), ("dynatrace", {"dynatrace_token"}),
    ("honeycomb", {"honeycomb_key"}), ("mapbox", {"mapbox_token"}), ("contentful", {"contentful_token"}),
    ("shopify", {"shopify_token"}), ("square", {"square_token"}), ("razorpay", {"razorpay_key"}), ("flutterwave", {"flutterwave_key"}),
    ("easypost", {"easypost_key"}), ("shippo", {"shippo_token"}), ("duffel", {"duffel_token"}), ("brevo|sendinblue", {"brevo_key"}),
    ("resend", {"resend_key"}), ("hubspot", {"hubspot_token"}), ("facebook|meta ", {"facebook_token"}), ("typeform", {"typeform_token"}),
    ("dropbox", {"dropbox_token"}), ("adobe", {"adobe_secret"}), ("cloudflare", {"cloudflare_token"}), ("wandb|weights", {"wandb_api_key"}),
    ("cohere", {"cohere_api_key"}), ("mistral", {"mistral_api_key"}), ("voyage", {"voyage_api_key"}), ("datadog", {"datadog_key"}),
    ("snyk|codecov", {"snyk_codecov_token"}), ("vercel", {"vercel_token"}), ("huawei", {"huawei_secret_key"}), ("mailgun", {"mailgun_key"}),
    ("okta|auth0", {"okta_token"}), ("generic|password|secret keyword|keyword|^secret$|^token$|^key$|^api$|^auth$|entropy|^credential", GENERIC),
)

PERSONAL = {
    # Presidio
    "CREDIT_CARD": {"credit_card"}, "EMAIL_ADDRESS": {"email"}, "PHONE_NUMBER": {"phone"}, "IP_ADDRESS": {"ipv4", "ipv6"},
    "MAC_ADDRESS": {"mac_address"}, "IBAN_CODE": {"iban"}, "CRYPTO": {"btc_address", "eth_address"}, "US_SSN": {"us_ssn"},
    "US_ITIN": {"us_itin"}, "US_PASSPORT": {"us_passport"}, "UK_NINO": {"uk_nino"}, "UK_NHS": {"uk_nhs"}, "NHS": {"uk_nhs"},
    "DE_TAX_ID": {"de_tax_id"}, "ES_NIF": {"es_dni_nie"}, "ES_NIE": {"es_dni_nie"}, "IT_FISCAL_CODE": {"it_codice_fiscale"},
    "IT_VAT_CODE": {"eu_vat"},
    "DE_VAT_ID": {"eu_vat"}, "PL_PESEL": {"pl_pesel"}, "TR_NATIONAL_ID": {"tr_tckn"}, "TR_TCKN": {"tr_tckn"}, "IN_AADHAAR": {"in_aadhaar"},
    "IN_PAN": {"in_pan"}, "AU_TFN": {"au_tfn"}, "KR_RRN": {"kr_rrn"}, "SG_NRIC_FIN": {"sg_nric"}, "DATE_OF_BIRTH": {"date_of_birth"},
    "CA_SIN": {"ca_sin"}, "UK_VEHICLE_REGISTRATION": set(), "TR_LICENSE_PLATE": set(),
    # scrubadub, DataFog and datatrove
    "email": {"email"}, "phone": {"phone"}, "credit_card": {"credit_card"}, "social_security_number": {"us_ssn"},
    "national_insurance_number": {"uk_nino"}, "tax_reference_number": set(), "postalcode": {"street_address"}, "date_of_birth": {"date_of_birth"},
    "twitter": set(), "url": set(), "drivers_licence": set(), "vehicle_licence_plate": set(), "skype": set(), "EMAIL": {"email"}, "PHONE": {"phone"},
    "SSN": {"us_ssn"}, "CREDIT_CARD_NUMBER": {"credit_card"}, "IP": {"ipv4", "ipv6"}, "DOB": {"date_of_birth"}, "DATE": {"date_of_birth"},
    "ZIP": {"street_address"}, "IBAN": {"iban"}, "ip": {"ipv4"}, "DE_IBAN": {"iban"}, "DE_STEUER_ID": {"de_tax_id"},
}
# Findings that the tools mean as no personal data by themselves are left out in their favour.
LEFT_OUT = {"URL", "DATE_TIME", "UUID", "url", "NRP", "ZIP", "DATE"}
OURS = "cleanbill"


def with_same(types):
    found = set(types)
    for group in SAME:
        if group & found:
            found |= group
    return found


def equivalents(tool, kind):
    """The types of ours that `kind` of `tool` stands for."""
    if tool == OURS:
        return with_same({kind})
    if kind in PERSONAL:
        return with_same(PERSONAL[kind])
    for pattern, types in PROVIDERS:
        if re.search(pattern, kind.lower()):
            return types
    return set()
