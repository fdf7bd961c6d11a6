//! A PostgreSQL server for the tests, in a folder of its own, ended with them.

use crate::Failure;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A server; it ends when this goes.
pub(crate) struct Server {
    folder: PathBuf,
    tools: PathBuf,
    port: u16,
}

/// Where Debian keeps the tools of each version.
const VERSIONS: &str = "/usr/lib/postgresql";

fn tools() -> Option<PathBuf> {
    let versions = std::fs::read_dir(VERSIONS).ok()?.filter_map(Result::ok);
    let tools = versions.map(|it| it.path().join("bin"));
    tools.filter(|it| it.join("initdb").exists()).max()
}

fn installed() -> Result<PathBuf, Failure> {
    if let Some(it) = tools() {
        return Ok(it);
    }
    println!("installing postgresql with apt-get");
    crate::apt("postgresql").map_err(|why| format!("the tests of views need PostgreSQL; {why}"))?;
    tools().ok_or_else(|| "PostgreSQL is installed, but its tools are not found".to_owned())
}

/// The server refuses to run for root: somebody else must.
fn command(program: &Path) -> Command {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|it| it.stdout == b"0\n");
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

fn run(mut command: Command, what: &str) -> Result<(), Failure> {
    let done = command.current_dir("/").stdout(Stdio::null()).stderr(Stdio::piped()).output();
    match done {
        Ok(it) if it.status.success() => Ok(()),
        Ok(it) => Err(format!("{what}: {}", String::from_utf8_lossy(&it.stderr).trim())),
        Err(error) => Err(format!("{what}: {error}")),
    }
}

impl Server {
    /// Starts one on a free port of this machine.
    pub(crate) fn start() -> Result<Self, Failure> {
        let tools = installed()?;
        let folder = std::env::temp_dir().join(format!("karvan-postgres-{}", std::process::id()));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|it| it.to_string())?;
        let port = listener.local_addr().map_err(|it| it.to_string())?.port();
        drop(listener);
        let mut make = command(&tools.join("initdb"));
        make.args(["--auth=trust", "--username=karvan", "--encoding=UTF8", "--no-sync", "-D"]);
        make.arg(&folder);
        run(make, "initdb")?;
        let it = Self { folder, tools, port };
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={}",
            it.folder.display()
        );
        let mut start = command(&it.tools.join("pg_ctl"));
        start.args(["-w", "-o", &options, "-l"]).arg(it.folder.join("log"));
        start.arg("-D").arg(&it.folder).arg("start");
        // It goes on in the background and keeps what it inherits: nothing is piped to it.
        let started = start.current_dir("/").stdout(Stdio::null()).stderr(Stdio::null()).status();
        match started {
            Ok(status) if status.success() => Ok(it),
            _ => Err(format!("PostgreSQL does not start; see {}/log", it.folder.display())),
        }
    }

    /// The address of its database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://karvan@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut stop = command(&self.tools.join("pg_ctl"));
        stop.args(["-m", "immediate", "-D"]).arg(&self.folder).arg("stop");
        drop(run(stop, "pg_ctl stop"));
        let mut remove = command(Path::new("rm"));
        remove.arg("-rf").arg(&self.folder);
        drop(run(remove, "rm"));
    }
}
