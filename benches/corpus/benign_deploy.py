"""Honest manifests, workflows and lists of dependencies, in the style of well-known projects, with near misses."""
import json

SHA = "8f4b7f84864484a7bf31766abe9204da3cbe65b3"
DIGEST = "sha256:" + "3f" * 32
HARD = """      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
        seccompProfile: {type: RuntimeDefault}
"""
CONTAINER = """        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities: {drop: [ALL]}
        resources:
          limits: {memory: 32Gi, cpu: "8", nvidia.com/gpu: 1}
"""


def deployment(image, body, extra=""):
    return ("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: model\nspec:\n  replicas: 2\n  selector: {matchLabels: {app: model}}\n"
            "  template:\n    metadata: {labels: {app: model}}\n    spec:\n" + HARD + "      containers:\n      - name: model\n        image: "
            + image + "\n" + CONTAINER + body + extra)


def steps(body, on="pull_request"):
    return "name: ci\non: [" + on + "]\npermissions:\n  contents: read\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n" + body


def manifests(w):
    g = "manifests"

    def add(sample, name, text, technique, note=""):
        w.add(g, "deploy-" + sample, name, text, technique, note)

    add("vllm", "deployment.yaml", deployment("vllm/vllm-openai:v0.9.0@" + DIGEST,
        "        args: [--model, /models/qwen, --served-model-name, qwen]\n        env:\n        - name: VLLM_API_KEY\n          valueFrom:\n            secretKeyRef: {name: vllm, key: key}\n"), "kubernetes")
    add("tgi", "tgi.yaml", deployment("ghcr.io/huggingface/text-generation-inference:3.0.1@" + DIGEST,
        "        env:\n        - {name: HF_HUB_OFFLINE, value: '1'}\n        - {name: MODEL_ID, value: /data/model}\n        livenessProbe:\n          httpGet: {path: /health, port: 80}\n"), "kubernetes")
    add("triton", "triton.yaml", deployment("nvcr.io/nvidia/tritonserver:24.10-py3", "        command: [tritonserver, --model-repository=/models, --strict-readiness=true]\n        ports: [{containerPort: 8000}, {containerPort: 8001}]\n"), "kubernetes")
    add("kserve", "isvc.yaml", "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: llama}\nspec:\n  predictor:\n    model:\n      modelFormat: {name: huggingface}\n      storageUri: pvc://models/llama\n      args: [--model_name=llama]\n      resources: {limits: {memory: 24Gi}}\n", "kserve")
    add("ray", "raycluster.yaml", "apiVersion: ray.io/v1\nkind: RayCluster\nmetadata: {name: c}\nspec:\n  headGroupSpec:\n    rayStartParams: {dashboard-host: '0.0.0.0'}\n    template:\n      spec:\n        containers:\n        - name: ray-head\n          image: rayproject/ray:2.46.0\n          ports: [{containerPort: 6379, name: gcs}, {containerPort: 8265, name: dashboard}]\n          resources: {limits: {memory: 8Gi}}\n", "kuberay", "the dashboard listens inside of the cluster only")
    add("network-policy", "policy.yaml", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny}\nspec:\n  podSelector: {}\n  policyTypes: [Ingress, Egress]\n  egress:\n  - ports: [{port: 53, protocol: UDP}]\n    to: [{namespaceSelector: {}}]\n", "kubernetes")
    add("service", "service.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: model}\nspec:\n  selector: {app: model}\n  ports: [{port: 80, targetPort: 8000}]\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: model}\nspec:\n  tls: [{hosts: [m.example.com], secretName: m}]\n  rules: []\n", "kubernetes")
    add("job", "job.yaml", "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: sync}\nspec:\n  schedule: '0 3 * * *'\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n          containers:\n          - name: sync\n            image: python:3.12-slim@" + DIGEST + "\n            command: [bash, -ec, 'pip install --require-hashes -r /app/requirements.txt && python /app/sync.py']\n", "kubernetes")
    add("download-init", "pod.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  initContainers:\n  - name: get\n    image: curlimages/curl:8.9.1\n    command: [sh, -c, 'curl -fsSL https://models.example.com/m.tar.gz -o /m/m.tar.gz && echo \"abc  /m/m.tar.gz\" | sha256sum -c -']\n  containers: [{name: a, image: 'a:1'}]\n", "kubernetes", "downloads and checks")
    add("node-exporter", "daemonset.yaml", "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: node-exporter}\nspec:\n  template:\n    spec:\n      hostNetwork: true\n      containers:\n      - name: node-exporter\n        image: quay.io/prometheus/node-exporter:v1.8.2\n        args: [--path.rootfs=/host]\n        volumeMounts: [{name: root, mountPath: /host, readOnly: true}]\n      volumes: [{name: root, hostPath: {path: /}}]\n", "kubernetes", "the root of the host, read only")
    add("device-plugin", "nvidia.yaml", "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: nvidia-device-plugin}\nspec:\n  template:\n    spec:\n      containers:\n      - image: nvcr.io/nvidia/k8s-device-plugin:v0.17.0\n        name: ctr\n        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n        volumeMounts: [{name: p, mountPath: /var/lib/kubelet/device-plugins}]\n      volumes: [{name: p, hostPath: {path: /var/lib/kubelet/device-plugins}}]\n", "kubernetes")
    add("rbac", "rbac.yaml", "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r}\nrules:\n- apiGroups: ['']\n  resources: [pods, configmaps]\n  verbs: [get, list, watch]\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nroleRef: {kind: Role, name: r}\nsubjects: [{kind: ServiceAccount, name: sa}]\n", "kubernetes")
    add("helm-output", "rendered.yaml", "---\n# Source: chart/templates/sa.yaml\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: sa}\nautomountServiceAccountToken: false\n---\n# Source: chart/templates/deployment.yaml\n" + deployment("quay.io/a/b:1.2.3", ""), "helm output")
    add("helm-values", "values.yaml", "replicaCount: 1\nimage:\n  repository: vllm/vllm-openai\n  tag: v0.9.0\n  pullPolicy: IfNotPresent\nsecurityContext:\n  runAsNonRoot: true\nservice:\n  type: ClusterIP\n  port: 80\n", "helm values")
    add("kustomize", "kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [deployment.yaml]\nimages:\n- name: a\n  newTag: 1.2.3\n", "kustomize")
    add("compose-web", "compose.yml", "services:\n  api:\n    build: .\n    ports: ['127.0.0.1:8000:8000']\n    environment:\n      OPENAI_API_KEY: ${OPENAI_API_KEY}\n      DATABASE_URL: postgresql://db:5432/app\n    volumes: ['./models:/models:ro']\n    healthcheck:\n      test: [CMD, curl, -f, 'http://localhost:8000/health']\n  db:\n    image: postgres:16.4@" + DIGEST + "\n    environment:\n      POSTGRES_PASSWORD_FILE: /run/secrets/db\nsecrets:\n  db: {file: ./db.txt}\n", "compose")
    add("compose-quickstart", "docker-compose.yaml", "version: '3.8'\nservices:\n  vllm:\n    image: vllm/vllm-openai:latest\n    ipc: host\n    ports: ['8000:8000']\n    environment:\n      - HF_TOKEN=${HF_TOKEN}\n    command: --model mistralai/Mistral-7B-Instruct-v0.3\n    deploy: {resources: {reservations: {devices: [{driver: nvidia, count: 1, capabilities: [gpu]}]}}}\n", "compose", "as in a guide")
    add("compose-ollama", "docker-compose.yml", "services:\n  ollama:\n    image: ollama/ollama:0.5.7\n    volumes: ['ollama:/models']\n    ports: ['11434:11434']\n  webui:\n    image: ghcr.io/open-webui/open-webui:v0.5.4\n    environment: ['OLLAMA_BASE_URL=http://ollama:11434', 'WEBUI_SECRET_KEY=']\n    ports: ['3000:8080']\nvolumes: {ollama: {}}\n", "compose", "as in a guide")
    add("dockerfile-uv", "Dockerfile", "FROM python:3.12-slim AS build\nCOPY --from=ghcr.io/astral-sh/uv:0.5.11 /uv /bin/uv\nWORKDIR /app\nCOPY pyproject.toml uv.lock ./\nRUN --mount=type=cache,target=/cache/uv uv sync --frozen --no-dev\nFROM python:3.12-slim\nCOPY --from=build /app /app\nUSER 1000\nEXPOSE 8000\nCMD [\"/app/.venv/bin/uvicorn\", \"app:app\", \"--host\", \"0.0.0.0\"]\n", "dockerfile")
    add("dockerfile-cuda", "Dockerfile", "ARG CUDA=12.4.1\nFROM nvidia/cuda:${CUDA}-runtime-ubuntu22.04\nENV DEBIAN_FRONTEND=noninteractive TOKENIZERS_PARALLELISM=false\nRUN apt-get update && apt-get install -y --no-install-recommends \\\n      curl git python3-pip \\\n    && rm -rf /var/lib/apt/lists/*\nRUN pip install --no-cache-dir torch==2.5.1 --index-url https://download.pytorch.org/whl/cu124\nCOPY . /app\nENTRYPOINT [\"python3\", \"/app/serve.py\"]\n", "dockerfile")
    add("dockerfile-rustup", "Dockerfile", "FROM ubuntu:24.04\nRUN curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y\nRUN curl -fsSL https://deb.nodesource.com/setup_20.x | bash - && apt-get install -y nodejs\n", "dockerfile", "installers of well-known projects")
    add("dockerfile-key", "Dockerfile", "FROM ubuntu:24.04\nRUN curl -fsSL https://nvidia.github.io/libnvidia-container/gpgkey | gpg --dearmor -o /usr/share/keyrings/n.gpg\nRUN wget -qO- https://github.com/o/r/releases/download/v1/t.tar.gz | tar xz -C /opt\nRUN curl -s https://api.github.com/repos/o/r/releases | python3 -c 'import json,sys; print(json.load(sys.stdin)[0][\"name\"])'\n", "dockerfile", "pipes that run nothing")
    add("dockerfile-base64", "Dockerfile", "FROM alpine:3.20\nRUN echo aGVsbG8K | base64 -d > /etc/motd\nRUN env | sort > /build-env && mkdir -p /etc/cron.d\n", "dockerfile", "decodes data")
    add("modelfile", "Modelfile", "FROM ./model-q4.gguf\nPARAMETER temperature 0.7\nSYSTEM You are a helpful assistant.\nTEMPLATE \"\"\"{{ .System }} {{ .Prompt }}\"\"\"\n", "modelfile")
    add("gitlab", ".gitlab-ci.yml", "image: python:3.12\nstages: [test]\ntest:\n  stage: test\n  before_script:\n  - pip install -r requirements.txt\n  script:\n  - pytest -q\n", "gitlab")
    add("prose", "install.txt", "FROM the command line, type\n\n    curl https://example.com/install.sh | sh\n\nand wait.\n", "text", "a guide is no recipe")
    add("config-services", "config.yaml", "services:\n  - name: search\n    weight: 0.3\nscript: train.py\nmodel: {hidden: 768}\n", "yaml", "keys as in manifests")


def workflows(w):
    g = "workflows"

    def add(sample, text, technique, note=""):
        w.add(g, "workflow-" + sample, "ci.yml", text, technique, note)

    checkout = f"    - uses: actions/checkout@{SHA}\n      with: {{persist-credentials: false}}\n"
    add("test", steps(checkout + f"    - uses: actions/setup-python@{SHA}\n      with: {{python-version: '3.12'}}\n    - run: pip install -e .[test]\n    - run: pytest -q\n"), "workflow")
    add("label", steps(f"    - uses: actions/labeler@{SHA}\n", "pull_request_target").replace("contents: read", "contents: read\n  pull-requests: write"), "workflow", "has rights and runs nothing foreign")
    add("environment", steps("    - env:\n        TITLE: ${{ github.event.pull_request.title }}\n      run: |\n        echo \"$TITLE\" | grep -E '^(fix|feat)'\n", "pull_request_target"), "workflow", "the text goes through a variable")
    add("numbers", steps("    - run: echo ${{ github.event.pull_request.number }} ${{ github.sha }} ${{ github.event.pull_request.head.sha }}\n"), "workflow", "no text of strangers")
    add("condition", steps("    - if: contains(github.event.comment.body, '/test')\n      run: make test\n", "issue_comment"), "workflow", "text of strangers in a condition")
    add("publish", "name: release\non:\n  push:\n    tags: ['v*']\npermissions: {}\njobs:\n  pypi:\n    runs-on: ubuntu-24.04\n    environment: pypi\n    permissions: {id-token: write}\n    steps:\n" + checkout + f"    - run: python -m build\n    - uses: pypa/gh-action-pypi-publish@{SHA}\n", "workflow")
    add("tags", steps("    - uses: actions/checkout@v4\n    - uses: actions/setup-node@v4\n    - run: npm ci && npm test\n").replace("permissions:\n  contents: read\n", ""), "workflow", "the usual, unpinned")
    add("api", steps("    - env: {GH_TOKEN: '${{ secrets.GITHUB_TOKEN }}'}\n      run: |\n        curl -fsS -X POST -H \"Authorization: Bearer $GH_TOKEN\" https://api.github.com/repos/${{ github.repository }}/dispatches -d '{}'\n", "push"), "workflow", "talks to the forge with its own token")


def lists(w):
    g = "dependency-lists"

    def add(sample, name, text, technique, note=""):
        w.add(g, "dependency-" + sample, name, text, technique, note)

    add("hashes", "requirements.txt", "".join(f"{n}=={v} \\\n    --hash=sha256:{'ab' * 32}\n" for n, v in (("numpy", "1.26.4"), ("torch", "2.5.1"), ("safetensors", "0.4.5"))), "requirements")
    add("ranges", "requirements.txt", "# core\ntorch>=2.1,<3\ntransformers[sentencepiece]~=4.46 ; python_version >= '3.9'\ndataset\ntokenizer-tools\npsycopg[binary]\nfaiss-gpu\n-r base.txt\n-e .\n", "requirements", "names near well-known ones")
    add("torch-index", "requirements.txt", "--extra-index-url https://download.pytorch.org/whl/cu121\ntorch==2.5.1+cu121\nxformers==0.0.28\n", "requirements", "as in every guide")
    add("git", "requirements-dev.txt", f"git+https://github.com/huggingface/transformers.git@{SHA}\nflash-attn @ https://github.com/Dao-AILab/flash-attention/releases/download/v2.7.0/flash_attn-2.7.0-cp311-cp311-linux_x86_64.whl\n", "requirements")
    add("pyproject", "pyproject.toml", "[build-system]\nrequires = [\"setuptools>=68\"]\n[project]\nname = \"a\"\nversion = \"1\"\ndependencies = [\"numpy>=1.24\", \"pydantic-settings\"]\n[project.optional-dependencies]\ntest = [\"pytest\"]\n[dependency-groups]\ndev = [\"ruff\", {include-group = \"x\"}]\n[[tool.uv.index]]\nname = \"pytorch\"\nurl = \"https://download.pytorch.org/whl/cpu\"\nexplicit = true\n", "pyproject")
    add("poetry", "pyproject.toml", "[tool.poetry]\nname = \"a\"\n[tool.poetry.dependencies]\npython = \"^3.11\"\ntorch = { version = \"^2.5\", source = \"pytorch\" }\n[[tool.poetry.source]]\nname = \"pytorch\"\nurl = \"https://download.pytorch.org/whl/cpu\"\npriority = \"explicit\"\n", "pyproject")
    add("uv-lock", "uv.lock", "version = 1\nrequires-python = \">=3.11\"\n\n[[package]]\nname = \"numpy\"\nversion = \"1.26.4\"\nsource = { registry = \"https://pypi.org/simple\" }\nsdist = { url = \"https://files.pythonhosted.org/packages/numpy-1.26.4.tar.gz\", hash = \"sha256:" + "ab" * 32 + "\", size = 1 }\n", "lock")
    add("conda", "environment.yml", "name: env\nchannels:\n  - conda-forge\n  - nvidia\ndependencies:\n  - python=3.12.4=h1\n  - pytorch=2.5.1\n  - pip:\n    - vllm==0.6.4\n", "conda")
    add("npm", "package.json", json.dumps({"name": "chat-ui", "version": "1.0.0", "scripts": {"prepare": "husky install", "postinstall": "node scripts/patch.js", "build": "vite build"}, "dependencies": {"svelte": "^5.0.0", "openai": "4.71.1"}}, indent=2), "npm")
    add("npm-neighbours", "package.json", json.dumps({"name": "a", "dependencies": {"preact": "10.0.0", "colors": "1.4.0", "color": "4.0.0", "memoize-one": "6.0.0", "@acme/express": "1.0.0", "@types/anything": "1.0.0"}}), "npm", "names near well-known ones")
    add("model-copies", "README.md", "---\nbase_model:\n- meta-llama/Llama-3.1-8B-Instruct\n- unsloth/Llama-3.1-8B-Instruct\n- NousResearch/Meta-Llama-3.1-8B-Instruct\n- openai-community/gpt2\ndatasets:\n- openai/gsm8k\n- somebody/gsm8k\n---\n# A merge\n", "card", "well-known names under other owners")
    add("cargo", "Cargo.toml", "[package]\nname = \"a\"\nversion = \"0.1.0\"\n[dependencies]\ntokenizers = \"0.20\"\nserde = { version = \"1\", features = [\"derive\"] }\n", "cargo")
    add("go", "go.mod", "module example.com/a\n\ngo 1.23\n\nrequire (\n\tgithub.com/ollama/ollama v0.5.4\n)\n", "go")


def samples(w):
    manifests(w)
    workflows(w)
    lists(w)
