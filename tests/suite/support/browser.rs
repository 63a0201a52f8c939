//! A headless Chromium spoken to over its debugging pipe, so that a test can type, click and look as a person does.
//!
//! The pipe (file descriptors 3 and 4 of the browser) is two named pipes, given to it by a shell.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use base64::Engine;
use serde_json::{Value, json};

use super::judges;

/// Longest wait for the browser to say something.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs before each page's own content: what a page's policy had to stop is remembered.
const WATCH: &str = "window.stopped = []; addEventListener('securitypolicyviolation', e => stopped.push(e.violatedDirective + ' ' + e.blockedURI));";

pub struct Browser {
    child: Child,
    out: File,
    heard: Receiver<Value>,
    session: Option<String>,
    next: u64,
    /// Pages that were there since the last wait for one.
    loads: usize,
    _folder: tempfile::TempDir,
}

impl Browser {
    /// None where there is no browser; what is left out is said.
    pub fn start(for_what: &str, flags: &[&str]) -> Option<Browser> {
        let Some(program) = judges::program(&["chromium", "chromium-browser", "google-chrome"]) else {
            judges::left_out(&format!("no chromium on the path, so {for_what}"));
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let (to, from) = (folder.path().join("to"), folder.path().join("from"));
        for pipe in [&to, &from] {
            assert!(Command::new("mkfifo").arg(pipe).status().expect("mkfifo").success());
        }
        let child = Command::new("sh")
            .args(["-c", "to=$1; from=$2; shift 2; exec \"$@\" 3<\"$to\" 4>\"$from\"", "sh"])
            .args([&to, &from])
            .arg(program)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"])
            .args(["--disable-background-networking", "--disable-component-update", "--hide-scrollbars"])
            .args(["--remote-debugging-pipe", "--disable-dev-shm-usage"])
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the browser starts");
        let out = OpenOptions::new().write(true).open(&to).expect("its ear");
        let mouth = BufReader::new(File::open(&from).expect("its mouth"));
        let (say, heard) = channel();
        std::thread::spawn(move || {
            for message in mouth.split(0).map_while(Result::ok) {
                let message = serde_json::from_slice(&message).expect("JSON");
                if say.send(message).is_err() {
                    break;
                }
            }
        });
        let mut browser = Browser { child, out, heard, session: None, next: 0, loads: 0, _folder: folder };
        let target = browser.ask("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.ask("Target.attachToTarget", attach);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        browser.ask("Page.enable", json!({}));
        browser.ask("Page.addScriptToEvaluateOnNewDocument", json!({"source": WATCH}));
        Some(browser)
    }

    fn hear(&mut self) -> Value {
        let heard = self.heard.recv_timeout(PATIENCE).expect("the browser answers");
        self.loads += usize::from(heard["method"] == "Page.loadEventFired");
        heard
    }

    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let mut message = json!({"id": self.next, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.out.write_all(format!("{message}\0").as_bytes()).expect("it listens");
        loop {
            let heard = self.hear();
            if heard["id"] == self.next {
                assert!(heard["error"].is_null(), "{method}: {}", heard["error"]);
                return heard["result"].clone();
            }
        }
    }

    fn loaded(&mut self) {
        while self.loads == 0 {
            self.hear();
        }
    }

    /// Opens a page and waits until it is there.
    pub fn open(&mut self, url: &str) {
        self.loads = 0;
        let done = self.ask("Page.navigate", json!({"url": url}));
        assert!(done["errorText"].is_null(), "{url}: {done}");
        self.loaded();
    }

    /// What a script says of the page. The page's policy does not bind it.
    pub fn eval(&mut self, script: &str) -> Value {
        let done = self.ask("Runtime.evaluate", json!({"expression": script, "returnByValue": true}));
        assert!(done["exceptionDetails"].is_null(), "{script}: {done}");
        done["result"]["value"].clone()
    }

    /// Presses what the selector finds first, and waits for the page that follows.
    pub fn press(&mut self, selector: &str) {
        let found = format!("document.querySelector({})", json!(selector));
        assert_eq!(self.eval(&format!("!!{found}")), true, "{selector} on {}", self.text());
        self.eval(&format!("{found}.scrollIntoView({{block: 'center'}})"));
        let at = self.eval(&format!(
            "(() => {{ const r = {found}.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] }})()"
        ));
        self.loads = 0;
        for kind in ["mousePressed", "mouseReleased"] {
            let press = json!({"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1});
            self.ask("Input.dispatchMouseEvent", press);
        }
        self.loaded();
    }

    /// Does `act`, and waits for the page that follows.
    pub fn follows(&mut self, act: impl FnOnce(&mut Browser)) {
        self.loads = 0;
        act(self);
        self.loaded();
    }

    /// Types into what the selector finds first.
    pub fn type_into(&mut self, selector: &str, text: &str) {
        self.eval(&format!("document.querySelector({}).focus()", json!(selector)));
        self.ask("Input.insertText", json!({"text": text}));
    }

    pub fn text(&mut self) -> String {
        self.eval("document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    pub fn place(&mut self) -> String {
        self.eval("location.pathname").as_str().unwrap_or_default().to_owned()
    }

    /// The screen from now on; height as much as the page needs in a picture.
    pub fn screen(&mut self, width: u32, dark: bool) {
        let metrics = json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500});
        self.ask("Emulation.setDeviceMetricsOverride", metrics);
        let scheme = json!({"features": [{"name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" }}]});
        self.ask("Emulation.setEmulatedMedia", scheme);
    }

    /// Keeps a picture of the whole page, or of the screen where it was scrolled.
    pub fn picture(&mut self, path: &Path) {
        let whole = self.eval("scrollY") == 0;
        let shot =
            self.ask("Page.captureScreenshot", json!({"format": "png", "captureBeyondViewport": whole}));
        let data = shot["data"].as_str().unwrap_or_default();
        let png = base64::engine::general_purpose::STANDARD.decode(data).expect("a picture");
        std::fs::write(path, png).expect("written");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
