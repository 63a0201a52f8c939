//! One Chromium for the whole binary, driven over its debugging pipe: pages, their figures, what they ask the network for.
//!
//! The pipe's end is the browser's end: when this process goes, however it goes, the browser goes and its folder with it.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::judges;

/// A browser that says nothing for so long hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs before each page's own content: what a page's policy had to stop is remembered.
const WATCH: &str = "window.stopped = []; addEventListener('securitypolicyviolation', e => stopped.push(e.violatedDirective + ' ' + e.blockedURI));";

/// A started browser.
pub struct Chromium {
    _child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    asked: u64,
    events: Vec<Value>,
}

/// The browser, for one test at a time; none where there is none, which is said.
pub fn chromium() -> Option<MutexGuard<'static, Chromium>> {
    static ONE: OnceLock<Option<Mutex<Chromium>>> = OnceLock::new();
    let one = ONE.get_or_init(|| Chromium::start().map(Mutex::new)).as_ref();
    if one.is_none() {
        judges::left_out("no chromium on the path, so nothing was looked at in a browser");
    }
    Some(one?.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Chromium {
    fn start() -> Option<Chromium> {
        let browser = judges::program(&["chromium", "chromium-browser", "google-chrome"])?;
        let folder = tempfile::tempdir().expect("a folder").keep();
        // The browser reads file 3 and writes file 4 (`--remote-debugging-pipe`).
        let script = "folder=$1; shift; \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1; rm -rf \"$folder\"";
        let mut child = Command::new("sh")
            .args(["-c", script, "sh"])
            .arg(&folder)
            .arg(browser)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"])
            .args(["--disable-background-networking", "--disable-component-update", "--hide-scrollbars"])
            // Its own questions about forms are not the page's.
            .args([
                "--disable-features=AutofillServerCommunication",
                "--disable-component-extensions-with-background-pages",
            ])
            .args(["--disable-dev-shm-usage", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", folder.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the browser starts");
        let to = child.stdin.take().expect("piped");
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        let (found, from) = mpsc::channel();
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while out.read_until(0, &mut message).is_ok_and(|length| length > 0) {
                message.pop();
                let told = serde_json::from_slice(&message).expect("JSON from the browser");
                if found.send(told).is_err() {
                    break;
                }
                message.clear();
            }
        });
        Some(Chromium { _child: child, to, from, asked: 0, events: Vec::new() })
    }

    /// Calls `method`, of the page `session` or of the browser; its result.
    fn call(&mut self, session: Option<&str>, method: &str, parameters: Value) -> Value {
        self.asked += 1;
        let mut message = json!({ "id": self.asked, "method": method, "params": parameters });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        self.to.write_all(format!("{message}\0").as_bytes()).expect("the browser listens");
        loop {
            let told = self.told();
            if told["id"] == self.asked {
                assert!(told["error"].is_null(), "{method}: {}", told["error"]);
                return told["result"].clone();
            }
            self.events.push(told);
        }
    }

    fn told(&self) -> Value {
        self.from.recv_timeout(PATIENCE).expect("the browser answers")
    }

    /// An empty page that tells of every request and of every script's error. What any of its frames asks of another
    /// machine comes to a door of ours instead, where it is counted and not let in.
    pub fn tab(&mut self) -> Tab<'_> {
        self.events.clear();
        let door = TcpListener::bind("127.0.0.1:0").expect("a port");
        door.set_nonblocking(true).expect("non-blocking");
        let proxy = format!("http://{}", door.local_addr().expect("bound"));
        let context = self.call(
            None,
            "Target.createBrowserContext",
            json!({ "disposeOnDetach": true, "proxyServer": proxy }),
        );
        let context = context["browserContextId"].as_str().expect("a context").to_owned();
        let made = self.call(
            None,
            "Target.createTarget",
            json!({ "url": "about:blank", "browserContextId": context, "width": 1200, "height": 800 }),
        );
        let attached = self.call(
            None,
            "Target.attachToTarget",
            json!({ "targetId": made["targetId"], "flatten": true }),
        );
        let session = attached["sessionId"].as_str().expect("a session").to_owned();
        let mut tab = Tab { chromium: self, session, context, door };
        for domain in ["Page", "Runtime", "Network", "Log"] {
            tab.call(&format!("{domain}.enable"), json!({}));
        }
        tab.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCH }));
        tab
    }
}

/// A page of its own, without anything stored; it closes when dropped.
pub struct Tab<'a> {
    chromium: &'a mut Chromium,
    session: String,
    context: String,
    door: TcpListener,
}

impl Drop for Tab<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let context = json!({ "browserContextId": self.context });
            self.chromium.call(None, "Target.disposeBrowserContext", context);
        }
    }
}

impl Tab<'_> {
    /// Calls a method of the page.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.chromium.call(Some(&self.session), method, parameters)
    }

    /// Opens `url` and waits until it is loaded.
    pub fn open(&mut self, url: &str) {
        self.chromium.events.clear();
        let went = self.call("Page.navigate", json!({ "url": url }));
        assert!(went["errorText"].is_null(), "{url}: {went}");
        self.wait_for("Page.loadEventFired");
    }

    /// The first line of what a frame has asked of another machine, where one has.
    pub fn asked_outside(&self) -> Option<String> {
        let (knock, _) = self.door.accept().ok()?;
        knock
            .set_nonblocking(false)
            .and_then(|()| knock.set_read_timeout(Some(PATIENCE)))
            .expect("a patient door");
        let mut line = String::new();
        BufReader::new(knock).read_line(&mut line).expect("a request");
        Some(line)
    }

    /// Does `act`, and waits until the page has loaded anew.
    pub fn reloads(&mut self, act: impl FnOnce(&mut Self)) {
        self.chromium.events.clear();
        act(self);
        self.wait_for("Page.loadEventFired");
    }

    /// Waits until the page tells `method`.
    pub fn wait_for(&mut self, method: &str) {
        while self.events(method).is_empty() {
            let told = self.chromium.told();
            self.chromium.events.push(told);
        }
    }

    /// The value of an expression, once the promise it may be is kept.
    pub fn value(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", asked);
        assert!(answer["exceptionDetails"].is_null(), "{expression:.200}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// Presses what the selector finds first, with the mouse, and waits for the page that follows.
    pub fn press(&mut self, selector: &str) {
        let found = format!("document.querySelector({})", json!(selector));
        assert_eq!(self.value(&format!("!!{found}")), true, "{selector} on {}", self.text());
        self.value(&format!("{found}.scrollIntoView({{ block: 'center' }})"));
        let at = self.value(&format!(
            "(() => {{ const r = {found}.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] }})()"
        ));
        self.reloads(|tab| {
            for kind in ["mousePressed", "mouseReleased"] {
                let press =
                    json!({ "type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1 });
                tab.call("Input.dispatchMouseEvent", press);
            }
        });
    }

    /// Types into what the selector finds first.
    pub fn type_into(&mut self, selector: &str, text: &str) {
        self.value(&format!("document.querySelector({}).focus()", json!(selector)));
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// What the page says.
    pub fn text(&mut self) -> String {
        self.value("document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// Where the page is on its host.
    pub fn place(&mut self) -> String {
        self.value("location.pathname").as_str().unwrap_or_default().to_owned()
    }

    /// A screen of this size; `density` device pixels to the CSS pixel.
    pub fn size(&mut self, width: u32, height: u32, density: u32) {
        self.metrics(
            json!({ "width": width, "height": height, "deviceScaleFactor": density, "mobile": false }),
        );
    }

    /// The same as a phone shows it, whose viewport is the page's to say.
    pub fn phone(&mut self, width: u32, height: u32) {
        self.metrics(json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": true }));
    }

    fn metrics(&mut self, metrics: Value) {
        self.call("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// `light` or `dark`, as the reader's system asks for.
    pub fn scheme(&mut self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// A PNG of the whole page, or of the screen where the page was scrolled.
    pub fn picture(&mut self) -> Vec<u8> {
        let whole = self.value("scrollY") == 0;
        let taken = self.call("Page.captureScreenshot", json!({ "captureBeyondViewport": whole }));
        BASE64_STANDARD.decode(taken["data"].as_str().expect("a picture")).expect("base64")
    }

    /// What was told since the page was opened, of one kind.
    pub fn events(&self, method: &str) -> Vec<Value> {
        let own = |event: &&Value| event["method"] == method && event["sessionId"] == *self.session;
        self.chromium.events.iter().filter(own).map(|event| event["params"].clone()).collect()
    }

    /// Addresses the page asked for since it was opened.
    pub fn requests(&self) -> Vec<String> {
        let asked = self.events("Network.requestWillBeSent");
        asked.iter().filter_map(|event| event["request"]["url"].as_str().map(str::to_owned)).collect()
    }
}
