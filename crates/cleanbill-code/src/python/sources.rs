//! Says where values come from: the network, files, the environment, stores of credentials.

use std::rc::Rc;

use super::{facts::Traits, values::Value};

/// Returns what a variable of the environment holds.
pub(super) fn variable(name: &str) -> Value {
    let upper = name.to_ascii_uppercase();
    let secret = [
        "TOKEN",
        "SECRET",
        "PASSWORD",
        "PASSWD",
        "API_KEY",
        "APIKEY",
        "ACCESS_KEY",
        "PRIVATE_KEY",
        "CREDENTIAL",
    ]
    .iter()
    .any(|word| upper.contains(word));
    let traits = if secret { Traits::SECRET } else { Traits::default() };
    if matches!(upper.as_str(), "HOME" | "USERPROFILE") {
        return Value::name("os.environ[]").with_origin(Some("~".into()));
    }
    if matches!(
        upper.as_str(),
        "USER" | "USERNAME" | "HOSTNAME" | "COMPUTERNAME" | "LOGNAME"
    ) {
        return Value::name("os.environ[]").made_of(Traits::MACHINE);
    }
    Value::name("os.environ[]")
        .made_of(traits)
        .with_origin(Some(Rc::from(["$", name].concat())))
}

/// Returns the traits of an attribute that is read.
pub(super) fn of_name(name: &str) -> Traits {
    match name {
        "os.environ" | "os.environb" => Traits::ENVIRONMENT,
        "sys.argv" => Traits::INPUT,
        _ => Traits::default(),
    }
}

/// Returns the traits of what a call gives.
pub(super) fn of_call(name: &str, first: &Value) -> Traits {
    let path = || {
        first
            .constant()
            .or_else(|| first.origin.as_deref().map(str::to_owned))
            .is_some_and(|path| is_credential_path(&path))
    };
    match name {
        "requests.get"
        | "requests.post"
        | "requests.request"
        | "requests.Session().get"
        | "requests.session().get"
        | "urllib.request.urlopen"
        | "urllib.request.urlretrieve"
        | "httpx.get"
        | "httpx.post"
        | "httpx.Client().get"
        | "urllib3.PoolManager().request"
        | "http.client.HTTPSConnection().getresponse"
        | "http.client.HTTPConnection().getresponse"
        | "socket.socket().recv"
        | "socket.create_connection().recv"
        | "aiohttp.ClientSession().get"
        | "wget.download"
        | "urllib.request.build_opener().open"
        | "urllib.request.OpenerDirector().open"
        | "ftplib.FTP().retrbinary"
        | "dns.resolver.resolve"
        | "socket.socket().makefile"
        | "xmlrpc.client.ServerProxy"
        | "gdown.download"
        | "torch.hub.download_url_to_file"
        | "pycurl.Curl().perform_rs" => {
            let metadata = first.constant().is_some_and(|address| {
                [
                    "169.254.169.254",
                    "metadata.google.internal",
                    "169.254.170.2",
                    "100.100.100.200",
                ]
                .iter()
                .any(|host| address.contains(host))
            });
            if metadata {
                Traits::FETCHED.with(Traits::SECRET).with(Traits::STORE)
            } else {
                Traits::FETCHED
            }
        }
        "builtins.open"
        | "io.open"
        | "codecs.open"
        | "os.open"
        | "pathlib.Path().read_text"
        | "pathlib.Path().read_bytes"
        | "pathlib.Path().open"
        | "builtins.file"
        | "os.fdopen"
        | "io.FileIO"
        | "linecache.getlines"
        | "pkgutil.get_data"
        | "fileinput.input" => {
            if path() {
                Traits::FILE.with(Traits::SECRET).with(Traits::STORE)
            } else {
                Traits::FILE
            }
        }
        "os.environ.copy" | "os.environ.items" | "os.environ.values" | "builtins.os.environ" => {
            Traits::ENVIRONMENT
        }
        "keyring.get_password"
        | "huggingface_hub.get_token"
        | "huggingface_hub.HfFolder.get_token"
        | "huggingface_hub.HfFolder().get_token"
        | "netrc.netrc"
        | "boto3.Session().get_credentials"
        | "botocore.session.get_session().get_credentials"
        | "browser_cookie3.load"
        | "google.auth.default"
        | "win32crypt.CryptUnprotectData" => Traits::SECRET.with(Traits::STORE),
        "socket.gethostname" | "platform.node" | "getpass.getuser" | "os.getlogin" | "platform.uname"
        | "os.uname" | "uuid.getnode" | "socket.getfqdn" | "pwd.getpwuid" => Traits::MACHINE,
        "subprocess.check_output"
        | "get_ipython().getoutput"
        | "subprocess.getoutput"
        | "os.popen"
        | "subprocess.run"
        | "subprocess.Popen"
        | "subprocess.getstatusoutput" => Traits::OUTPUT,
        "builtins.input" | "builtins.raw_input" | "getpass.getpass" => Traits::INPUT,
        _ => Traits::default(),
    }
}

/// Says whether credentials usually lie at a path.
pub fn is_credential_path(path: &str) -> bool {
    let path = path.to_ascii_lowercase().replace('\\', "/");
    [
        ".aws/credentials",
        ".aws/config",
        "/.ssh/",
        ".ssh/id_",
        "~/.ssh",
        "id_rsa",
        "id_ed25519",
        ".netrc",
        "_netrc",
        ".git-credentials",
        "huggingface/token",
        ".huggingface/token",
        "huggingface/stored_tokens",
        "/etc/passwd",
        "/etc/shadow",
        ".kube/config",
        ".docker/config.json",
        ".npmrc",
        ".pypirc",
        "login data",
        "cookies.sqlite",
        "wallet.dat",
        "/proc/self/environ",
        "application_default_credentials",
        ".config/gcloud",
        ".azure/",
        ".bash_history",
        ".zsh_history",
        "logins.json",
        "key4.db",
        "serviceaccount/token",
        "keychain",
        ".config/gh/hosts.yml",
        "local state",
        ".gnupg",
        "leveldb",
        ".kaggle/kaggle.json",
        ".electrum",
        "exodus",
        ".terraform.d",
        ".vault-token",
        "/etc/sudoers",
    ]
    .iter()
    .any(|known| path.contains(known))
}
