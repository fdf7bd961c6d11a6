//! A headless Chromium, driven by its own protocol (Chrome DevTools Protocol) over one socket.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

/// Nothing takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A browser with one page.
pub(crate) struct Browser {
    child: Child,
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    session: String,
    next: u64,
    events: Vec<Value>,
    profile: std::path::PathBuf,
}

fn chromium() -> &'static str {
    let known = ["chromium", "chromium-browser", "google-chrome"];
    let there = |it: &&&str| {
        let asked = Command::new(it).arg("--version").stdout(Stdio::null()).status();
        asked.is_ok_and(|it| it.success())
    };
    known.iter().find(there).expect("Chromium is installed")
}

impl Browser {
    pub(crate) fn start(name: &str) -> Self {
        let profile =
            std::env::temp_dir().join(format!("karvan-browser-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&profile));
        let mut child = Command::new(chromium())
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"])
            .args(["--no-first-run", "--disable-background-networking", "--disable-sync"])
            .args(["--disable-component-update", "--hide-scrollbars", "--remote-debugging-port=0"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("Chromium starts");
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().expect("Chromium says where it listens").unwrap();
            if let Some((_, it)) = line.split_once("DevTools listening on ") {
                break it.to_owned();
            }
        };
        // It goes on to write; somebody must read.
        std::thread::spawn(move || lines.for_each(drop));
        let (socket, _) = tungstenite::connect(address).expect("the socket opens");
        let (session, events) = (String::new(), Vec::new());
        let mut it = Self { child, socket, session, next: 0, events, profile };
        let target = it.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        it.session = it.call("Target.attachToTarget", attach)["sessionId"].as_str().unwrap().into();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            it.call(&format!("{domain}.enable"), json!({}));
        }
        it
    }

    fn read(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.socket.read().expect("the browser answers") {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    pub(crate) fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.next += 1;
        let mut sent = json!({ "id": self.next, "method": method, "params": parameters });
        if !self.session.is_empty() {
            sent["sessionId"] = json!(self.session);
        }
        self.socket.send(Message::text(sent.to_string())).expect("the browser hears");
        loop {
            let told = self.read();
            if told["id"] == json!(self.next) {
                assert!(told["error"].is_null(), "{method}: {}", told["error"]);
                return told["result"].clone();
            }
            self.events.push(told);
        }
    }

    /// Goes to a page and waits until it is there.
    pub(crate) fn go(&mut self, address: &str) {
        self.events.clear();
        let gone = self.call("Page.navigate", json!({ "url": address }));
        assert!(gone["errorText"].is_null(), "{address}: {}", gone["errorText"]);
        self.wait_for("Page.loadEventFired");
    }

    pub(crate) fn wait_for(&mut self, method: &str) {
        let started = Instant::now();
        while self.events.iter().all(|it| it["method"] != method) {
            assert!(started.elapsed() < PATIENCE, "{method} does not come");
            let told = self.read();
            self.events.push(told);
        }
    }

    /// What a script comes to.
    pub(crate) fn eval(&mut self, script: &str) -> Value {
        let asked = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let told = self.call("Runtime.evaluate", asked);
        assert!(told["exceptionDetails"].is_null(), "{script}: {}", told["exceptionDetails"]);
        told["result"]["value"].clone()
    }

    /// Waits until a script comes to true.
    pub(crate) fn until(&mut self, script: &str) {
        let started = Instant::now();
        while self.eval(script) != json!(true) {
            assert!(started.elapsed() < PATIENCE, "never true: {script}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Errors that the console shows since the page was asked for.
    pub(crate) fn errors(&mut self) -> Vec<String> {
        self.eval("1");
        let text = |it: &Value| {
            let parameters = &it["params"];
            match it["method"].as_str()? {
                "Runtime.exceptionThrown" => Some(parameters["exceptionDetails"].to_string()),
                "Runtime.consoleAPICalled" if parameters["type"] == "error" => {
                    Some(parameters["args"].to_string())
                }
                "Log.entryAdded" if parameters["entry"]["level"] == "error" => {
                    Some(parameters["entry"].to_string())
                }
                _ => None,
            }
        };
        self.events.iter().filter_map(text).collect()
    }

    pub(crate) fn size(&mut self, width: u32, height: u32) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600
        });
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    /// `light` or `dark`.
    pub(crate) fn scheme(&mut self, value: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": value }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// From now on pages run no scripts of theirs.
    pub(crate) fn without_scripts(&mut self) {
        self.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    }

    pub(crate) fn press(&mut self, key: &str, code: u32) {
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({
                "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code
            });
            if key == "Enter" && kind == "keyDown" {
                event["text"] = json!("\r");
            }
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    /// The whole page as a picture (PNG, in Base64).
    pub(crate) fn picture(&mut self) -> Vec<u8> {
        let shot = self.call(
            "Page.captureScreenshot",
            json!({ "format": "png", "captureBeyondViewport": true }),
        );
        let text = shot["data"].as_str().unwrap();
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        drop(std::fs::remove_dir_all(&self.profile));
    }
}
