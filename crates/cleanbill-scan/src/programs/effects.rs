//! What well-known callables of Python do.

/// Names an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Runs a text as Python.
    Run,
    /// Runs a file or module as Python.
    RunFile,
    /// Turns bytes into code.
    Unmarshal,
    /// Runs a program; the text goes through a shell.
    Shell,
    /// Runs a program with arguments.
    Program,
    /// Connects a shell to something, or becomes another program.
    Attach,
    /// Sends to or asks another machine.
    Send,
    /// Asks another machine.
    Fetch,
    /// Opens a connection of its own.
    Connect,
    /// Opens a file.
    Open,
    /// Removes.
    Remove,
    /// Copies, moves or writes.
    Write,
    /// Changes permissions.
    Permit,
    /// Loads native code.
    Native,
    /// Calls into memory or a system library.
    Memory,
    /// Unpickles.
    Unpickle,
    /// Loads in a way that may run code.
    Load,
    /// Finds a module by a text.
    ImportByText,
    /// Climbs from a value to the interpreter.
    Climb,
    /// Describes a package.
    Setup,
    /// Hooks the interpreter.
    Hook,
    /// Changes a module that others use.
    Patch,
    /// A call with an argument that allows code of others.
    Trust,
}

/// Returns the effect of a callable.
pub(super) fn effect(callee: &str) -> Option<Effect> {
    use Effect as E;
    let last = callee.rsplit('.').next().unwrap_or_default();
    let root = callee.split(['.', '(']).next().unwrap_or_default();
    Some(match callee {
        "builtins.exec"
        | "builtins.eval"
        | "builtins.execfile"
        | "builtins.compile"
        | "code.InteractiveInterpreter().runsource"
        | "code.InteractiveInterpreter().runcode"
        | "code.InteractiveConsole().push"
        | "code.interact"
        | "timeit.timeit"
        | "timeit.Timer"
        | "cProfile.run"
        | "profile.run"
        | "pdb.run"
        | "trace.Trace().run"
        | "cProfile.runctx"
        | "profile.runctx"
        | "cProfile.Profile().run"
        | "pdb.runeval"
        | "bdb.Bdb().run"
        | "doctest.run_docstring_examples"
        | "doctest.debug_script"
        | "get_ipython().run_cell"
        | "types.FunctionType"
        | "types.CodeType"
        | "logging.config.listen"
        | "_xxsubinterpreters.run_string"
        | "_interpreters.run_string"
        | "interpreters.create().exec"
        | "sqlite3.enable_load_extension"
        | "pandas.eval"
        | "numexpr.evaluate"
        | "ast.literal_eval.exec"
        | "torch._dynamo.exec"
        | "numpy.f2py.crackfortran.myeval"
        | "sympy.sympify"
        | "jinja2.Template"
        | "rlcompleter.Completer().complete"
        | "asyncio.run_code" => match callee {
            "pandas.eval" | "sympy.sympify" | "jinja2.Template" | "types.FunctionType" => return None,
            _ => E::Run,
        },
        "runpy.run_path"
        | "runpy.run_module"
        | "importlib.util.spec_from_file_location"
        | "importlib.machinery.SourceFileLoader"
        | "imp.load_source"
        | "imp.load_module"
        | "importlib.machinery.SourcelessFileLoader"
        | "imp.load_compiled"
        | "zipimport.zipimporter"
        | "site.addsitedir"
        | "importlib.machinery.ExtensionFileLoader"
        | "imp.load_dynamic" => E::RunFile,
        "marshal.loads" | "marshal.load" => E::Unmarshal,
        "os.system"
        | "os.popen"
        | "subprocess.getoutput"
        | "subprocess.getstatusoutput"
        | "asyncio.create_subprocess_shell"
        | "os.popen2"
        | "os.popen3"
        | "os.popen4"
        | "platform.popen"
        | "popen2.popen3"
        | "get_ipython().system"
        | "get_ipython().getoutput"
        | "IPython.get_ipython().system"
        | "IPython.utils.process.system"
        | "invoke.run"
        | "pexpect.run"
        | "pexpect.spawn"
        | "os.startfile"
        | "torch.utils.collect_env.run"
        | "subprocess.os.system"
        | "wandb.util.run"
        | "pydoc.pipepager"
        | "pydoc.tempfilepager"
        | "distutils.exec_command"
        | "numpy.distutils.exec_command.exec_command"
        | "uuid._popen"
        | "fabric.api.local"
        | "paramiko.SSHClient().exec_command"
        | "delegator.run" => E::Shell,
        "subprocess.run"
        | "subprocess.call"
        | "subprocess.check_call"
        | "subprocess.check_output"
        | "subprocess.Popen"
        | "asyncio.create_subprocess_exec"
        | "distutils.spawn.spawn"
        | "setuptools._distutils.spawn.spawn"
        | "subprocess._args_from_interpreter_flags"
        | "_posixsubprocess.fork_exec"
        | "subprocess.fork_exec"
        | "asyncio.subprocess.create_subprocess_exec"
        | "pip.main"
        | "pip._internal.main"
        | "pip._internal.cli.main.main"
        | "ensurepip.bootstrap"
        | "test.support.script_helper.assert_python_ok"
        | "anyio.run_process"
        | "trio.run_process"
        | "test.support.script_helper.spawn_python" => E::Program,
        "pty.spawn" | "os.dup2" | "telnetlib.Telnet().interact" | "pty.fork" => E::Attach,
        "socket.socket().connect"
        | "socket.create_connection"
        | "socket.socket().connect_ex"
        | "asyncio.open_connection"
        | "telnetlib.Telnet"
        | "paramiko.SSHClient().connect"
        | "ssl.wrap_socket"
        | "socket.socket().bind"
        | "socket.socket().sendto"
        | "websocket.create_connection"
        | "websockets.connect"
        | "ftplib.FTP"
        | "smtplib.SMTP"
        | "smtplib.SMTP_SSL"
        | "imaplib.IMAP4_SSL"
        | "socketserver.TCPServer"
        | "http.server.HTTPServer"
        | "xmlrpc.server.SimpleXMLRPCServer"
        | "multiprocessing.connection.Client"
        | "multiprocessing.connection.Listener"
        | "ssl.get_server_certificate" => E::Connect,
        "requests.get"
        | "urllib.request.urlopen"
        | "urllib.request.urlretrieve"
        | "requests.Session().get"
        | "requests.session().get"
        | "httpx.get"
        | "httpx.Client().get"
        | "aiohttp.ClientSession().get"
        | "wget.download"
        | "gdown.download"
        | "torch.hub.download_url_to_file"
        | "requests.head"
        | "requests.request"
        | "socket.gethostbyname"
        | "socket.getaddrinfo"
        | "dns.resolver.resolve"
        | "http.client.HTTPSConnection"
        | "http.client.HTTPConnection"
        | "urllib3.PoolManager().request"
        | "urllib.request.Request"
        | "urllib.request.build_opener().open"
        | "ftplib.FTP().retrbinary"
        | "webbrowser.open"
        | "urllib.request.URLopener().retrieve"
        | "httpx.request"
        | "httpx.stream"
        | "huggingface_hub.hf_hub_download"
        | "huggingface_hub.snapshot_download"
        | "torch.hub.load_state_dict_from_url"
        | "datasets.load_dataset"
        | "fsspec.open"
        | "smart_open.open"
        | "socket.socket().recv" => match callee {
            "torch.hub.load_state_dict_from_url"
            | "datasets.load_dataset"
            | "huggingface_hub.hf_hub_download"
            | "huggingface_hub.snapshot_download" => return None,
            _ => E::Fetch,
        },
        "requests.post"
        | "requests.put"
        | "requests.patch"
        | "requests.Session().post"
        | "requests.session().post"
        | "requests.Session().put"
        | "httpx.post"
        | "httpx.put"
        | "httpx.Client().post"
        | "aiohttp.ClientSession().post"
        | "socket.socket().send"
        | "socket.socket().sendall"
        | "socket.create_connection().sendall"
        | "socket.create_connection().send"
        | "http.client.HTTPSConnection().request"
        | "http.client.HTTPConnection().request"
        | "smtplib.SMTP().sendmail"
        | "smtplib.SMTP_SSL().sendmail"
        | "smtplib.SMTP().send_message"
        | "ftplib.FTP().storbinary"
        | "boto3.client().put_object"
        | "boto3.client().upload_file"
        | "discord_webhook.DiscordWebhook"
        | "huggingface_hub.upload_file"
        | "huggingface_hub.HfApi().upload_file"
        | "huggingface_hub.upload_folder"
        | "huggingface_hub.HfApi().upload_folder"
        | "websocket.create_connection().send"
        | "paramiko.SFTPClient().put"
        | "syslog.syslog"
        | "logging.handlers.HTTPHandler"
        | "asyncio.open_connection().write"
        | "urllib3.PoolManager().urlopen"
        | "telegram.Bot().send_message"
        | "xmlrpc.client.ServerProxy().send" => E::Send,
        "builtins.open"
        | "io.open"
        | "codecs.open"
        | "pathlib.Path().write_text"
        | "pathlib.Path().write_bytes"
        | "pathlib.Path().open"
        | "os.open"
        | "io.FileIO"
        | "builtins.file"
        | "logging.FileHandler"
        | "pathlib.Path().touch"
        | "distutils.file_util.write_file" => E::Open,
        "shutil.rmtree"
        | "os.remove"
        | "os.unlink"
        | "os.rmdir"
        | "os.removedirs"
        | "pathlib.Path().unlink"
        | "pathlib.Path().rmdir"
        | "os.truncate"
        | "distutils.dir_util.remove_tree" => E::Remove,
        "shutil.copy"
        | "shutil.copyfile"
        | "shutil.copy2"
        | "shutil.move"
        | "shutil.copytree"
        | "os.rename"
        | "os.replace"
        | "os.symlink"
        | "os.link"
        | "shutil.unpack_archive"
        | "pathlib.Path().rename"
        | "pathlib.Path().replace"
        | "pathlib.Path().symlink_to" => E::Write,
        "os.chmod" | "pathlib.Path().chmod" | "os.chown" | "os.setuid" => E::Permit,
        "ctypes.CDLL"
        | "ctypes.PyDLL"
        | "ctypes.WinDLL"
        | "ctypes.OleDLL"
        | "ctypes.cdll.LoadLibrary"
        | "ctypes.windll.LoadLibrary"
        | "ctypes.pydll.LoadLibrary"
        | "cffi.FFI().dlopen"
        | "torch.ops.load_library"
        | "torch.classes.load_library"
        | "tensorflow.load_op_library"
        | "tensorflow.load_library"
        | "torch.utils.cpp_extension.load"
        | "torch.utils.cpp_extension.load_inline"
        | "numpy.ctypeslib.load_library"
        | "ctypes.dlopen"
        | "sqlite3.Connection().load_extension"
        | "sqlite3.connect().load_extension"
        | "ctypes.cdll.__getattr__"
        | "onnxruntime.SessionOptions().register_custom_ops_library"
        | "tensorflow.python.framework.load_library.load_op_library"
        | "llvmlite.binding.load_library_permanently"
        | "cffi.FFI().verify"
        | "tvm.runtime.load_module"
        | "jpype.startJVM"
        | "_ctypes.dlopen" => E::Native,
        "pickle.load"
        | "pickle.loads"
        | "pickle.Unpickler"
        | "dill.load"
        | "dill.loads"
        | "cloudpickle.load"
        | "cloudpickle.loads"
        | "joblib.load"
        | "pandas.read_pickle"
        | "shelve.open"
        | "jsonpickle.decode"
        | "compress_pickle.load"
        | "pickle5.loads"
        | "torch.serialization.load"
        | "sklearn.externals.joblib.load"
        | "pickle._loads"
        | "klepto.load"
        | "hickle.load"
        | "torch.load"
        | "pickle.Unpickler().load"
        | "multiprocessing.reduction.ForkingPickler.loads" => E::Unpickle,
        "yaml.load"
        | "yaml.unsafe_load"
        | "yaml.full_load"
        | "yaml.load_all"
        | "yaml.unsafe_load_all"
        | "numpy.load"
        | "keras.models.load_model"
        | "tensorflow.keras.models.load_model"
        | "keras.saving.load_model"
        | "keras.config.enable_unsafe_deserialization"
        | "tensorflow.keras.config.enable_unsafe_deserialization"
        | "keras.saving.enable_unsafe_deserialization"
        | "torch.hub.load"
        | "tensorflow.saved_model.load"
        | "torch.jit.load"
        | "mlflow.pyfunc.load_model"
        | "skops.io.load"
        | "ruamel.yaml.YAML"
        | "tensorflow_hub.load"
        | "torch.package.PackageImporter" => E::Load,
        "builtins.__import__"
        | "importlib.import_module"
        | "importlib.__import__"
        | "pydoc.locate"
        | "pkgutil.resolve_name" => E::ImportByText,
        "setuptools.setup" | "distutils.core.setup" | "numpy.distutils.core.setup" | "skbuild.setup" => {
            E::Setup
        }
        "sys.meta_path.append"
        | "sys.meta_path.insert"
        | "sys.path_hooks.append"
        | "sys.path_hooks.insert"
        | "sys.settrace"
        | "sys.setprofile"
        | "sys.addaudithook"
        | "builtins.exec="
        | "builtins.__import__="
        | "builtins.open="
        | "gc.callbacks.append"
        | "threading.settrace" => E::Hook,
        "torch.load="
        | "pickle.load="
        | "pickle.loads="
        | "sys.stdout="
        | "os.environ="
        | "torch.serialization.load="
        | "ssl._create_default_https_context=" => E::Patch,
        "mmap.mmap"
        | "ctypes.string_at"
        | "ctypes.memmove"
        | "ctypes.CFUNCTYPE()"
        | "ctypes.WINFUNCTYPE()"
        | "ctypes.PYFUNCTYPE()" => E::Memory,
        _ if root == "os"
            && (last.starts_with("exec") || last.starts_with("spawn") || last.starts_with("posix_spawn"))
            && !callee.contains('(') =>
        {
            E::Program
        }
        _ if root == "ctypes"
            && (callee.starts_with("ctypes.windll.")
                || callee.starts_with("ctypes.CDLL().")
                || callee.starts_with("ctypes.cdll.")
                || callee.starts_with("ctypes.pythonapi.")
                || callee.starts_with("ctypes.PyDLL().")
                || callee.starts_with("ctypes.WinDLL().")
                || callee.starts_with("ctypes.cdll.LoadLibrary().")) =>
        {
            E::Memory
        }
        _ if root == "cffi" && callee.starts_with("cffi.FFI().dlopen().") => E::Memory,
        _ if callee.starts_with("sh.") || callee.starts_with("plumbum.local") => E::Program,
        _ if matches!(callee, "object.__subclasses__" | "object.__reduce__") => E::Climb,
        _ if last == "from_pretrained"
            || last == "from_config"
            || callee == "transformers.pipeline"
            || last == "load_dataset" =>
        {
            E::Trust
        }
        _ if callee.ends_with(".?")
            && matches!(
                root,
                "os" | "subprocess" | "builtins" | "sys" | "shutil" | "socket" | "ctypes" | "pty"
            ) =>
        {
            E::Climb
        }
        _ => return None,
    })
}
