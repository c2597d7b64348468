//! Facts about servers of models, notebooks and stores: how they are known, and what protects them.

/// Knows a server by its image or command, and what would protect it.
#[derive(Debug)]
pub(crate) struct Product {
    /// Its name for people.
    pub(crate) name: &'static str,
    /// Parts of an image's name.
    pub(crate) images: &'static [&'static str],
    /// Parts of a command.
    pub(crate) commands: &'static [&'static str],
    /// Parts of a command, or names of variables, that protect it; none where nothing would.
    pub(crate) protections: &'static [&'static str],
}

/// Lists known servers.
pub(crate) const PRODUCTS: &[Product] = &[
    Product {
        name: "vLLM",
        images: &["vllm-openai", "vllm/vllm"],
        commands: &["vllm serve", "vllm.entrypoints"],
        protections: &["--api-key", "VLLM_API_KEY"],
    },
    Product {
        name: "SGLang",
        images: &["lmsysorg/sglang"],
        commands: &["sglang.launch_server"],
        protections: &["--api-key"],
    },
    Product {
        name: "TGI",
        images: &["text-generation-inference"],
        commands: &["text-generation-launcher"],
        protections: &["--api-key", "API_KEY"],
    },
    Product {
        name: "llama.cpp",
        images: &["llama.cpp:server", "llama.cpp:full"],
        commands: &["llama-server"],
        protections: &["--api-key", "LLAMA_API_KEY"],
    },
    Product {
        name: "Ollama",
        images: &["ollama/ollama"],
        commands: &["ollama serve"],
        protections: &[],
    },
    Product {
        name: "Triton",
        images: &["tritonserver"],
        commands: &["tritonserver "],
        protections: &["--http-restricted-api", "--grpc-restricted-protocol"],
    },
    Product {
        name: "MLflow",
        images: &["mlflow/mlflow"],
        commands: &["mlflow server", "mlflow ui"],
        protections: &["basic-auth"],
    },
    Product {
        name: "Ray",
        images: &[],
        commands: &["--dashboard-host=0.0.0.0", "--dashboard-host 0.0.0.0"],
        protections: &["RAY_AUTH_MODE"],
    },
    Product {
        name: "Chroma",
        images: &["chromadb/chroma"],
        commands: &[],
        protections: &[
            "CHROMA_SERVER_AUTHN_PROVIDER",
            "CHROMA_SERVER_AUTH_PROVIDER",
            "CHROMA_SERVER_AUTHN_CREDENTIALS",
        ],
    },
    Product {
        name: "Qdrant",
        images: &["qdrant/qdrant"],
        commands: &[],
        protections: &["QDRANT__SERVICE__API_KEY"],
    },
    Product {
        name: "LiteLLM",
        images: &["berriai/litellm"],
        commands: &["litellm --"],
        protections: &["LITELLM_MASTER_KEY"],
    },
    Product {
        name: "Redis",
        images: &["redis:", "redis/redis-stack"],
        commands: &["redis-server"],
        protections: &[
            "--requirepass",
            "REDIS_PASSWORD",
            "REDIS_ARGS",
            "redis.conf",
            "--aclfile",
        ],
    },
    Product {
        name: "Milvus",
        images: &["milvusdb/milvus"],
        commands: &[],
        protections: &["COMMON_SECURITY_AUTHORIZATIONENABLED"],
    },
];
/// Settings that switch authentication off: variable, values, whether visitors can then run code.
pub(crate) const OFF: &[(&str, &[&str], bool)] = &[
    ("WEBUI_AUTH", &["false"], false),
    ("AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED", &["true"], false),
    ("LANGFLOW_AUTO_LOGIN", &["true"], true),
    ("FLOWISE_DISABLE_AUTH", &["true"], true),
    ("N8N_USER_MANAGEMENT_DISABLED", &["true"], true),
    ("JUPYTER_TOKEN", &["", "''", "\"\""], true),
    ("XPACK.SECURITY.ENABLED", &["false"], false),
    ("XPACK_SECURITY_ENABLED", &["false"], false),
    ("DISABLE_SECURITY_PLUGIN", &["true"], false),
    ("DISABLE_AUTH", &["true", "1"], true),
    ("AUTH_ENABLED", &["false", "0"], false),
    (
        "AIRFLOW__API__AUTH_BACKENDS",
        &["airflow.api.auth.backend.default"],
        true,
    ),
    ("MINIO_PUBLIC_ACCESS", &["true"], false),
    ("GF_AUTH_ANONYMOUS_ENABLED", &["true"], false),
    ("PASSWORD_LOGIN", &["false"], true),
    ("DISABLE_JUPYTER_AUTH", &["true", "1"], true),
];
