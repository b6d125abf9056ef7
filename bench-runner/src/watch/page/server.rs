//! The server: requests to answers, over HTTP/1.1.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use profiles::time::Period;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::guard::{Guard, Refused};
use super::shelf::{Shelf, facts};
use super::state::state;
use crate::watch::find;
use crate::watch::metrics;

/// Connections at once; others wait.
pub(super) const CONNECTIONS: usize = 64;

/// A request that takes longer to be said is not waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Nor one whose answer takes longer to be read: 64 who read nothing would keep everybody out. A report
/// of 2 MB is read in that time over a line of 300 kbit/s.
const LONGEST: Period = Period::millis(60_000);

const PAGE: &str = include_str!("../../../html/live.html");
const LIST: &str = include_str!("../../../html/list.html");
const STYLE: &str = include_str!("../../../html/live.css");
const SCRIPT: &str = include_str!("../../../html/live.js");
/// uPlot 1.6.32 by Leon Sorokin, MIT: `reports/html/LICENSE.uPlot.txt`.
const PLOT_SCRIPT: &str = include_str!("../../../../reports/html/uPlot.iife.min.js");
const PLOT_STYLE: &str = include_str!("../../../../reports/html/uPlot.min.css");

/// Nothing but what this server sends is loaded, and nobody shows it in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A report runs its own script, and may ask this server for nothing.
const REPORT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                             img-src data:; frame-ancestors 'none'; sandbox allow-scripts";

type Answer = Response<Full<Bytes>>;

/// Answers who asks, for ever.
///
/// # Errors
/// If no more connections can be taken.
pub async fn serve(listener: TcpListener, guard: Guard, shelf: Shelf) -> std::io::Result<()> {
    serve_within(LONGEST, listener, guard, shelf).await
}

/// The same, with another time for each answer.
pub(super) async fn serve_within(
    longest: Period,
    listener: TcpListener,
    guard: Guard,
    shelf: Shelf,
) -> std::io::Result<()> {
    let clock = shelf.clock();
    let desk = Arc::new(Desk {
        guard,
        shelf: Mutex::new(shelf),
    });
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let (stream, _) = listener.accept().await?;
        let desk = Arc::clone(&desk);
        let service = service_fn(move |request: Request<hyper::body::Incoming>| {
            let answer = desk.answer(&request);
            async move { Ok::<Answer, Infallible>(answer) }
        });
        let mut http = http1::Builder::new();
        // One answer each: nobody keeps a place while nothing is asked.
        http.timer(TokioTimer::new())
            .header_read_timeout(PATIENCE)
            .keep_alive(false);
        let connection = http.serve_connection(TokioIo::new(stream), service);
        drop(tokio::spawn(async move {
            let _gone = clock.within(longest, connection).await;
            drop(place);
        }));
    }
}

/// Where requests are answered.
struct Desk {
    guard: Guard,
    shelf: Mutex<Shelf>,
}

impl Desk {
    fn answer<B>(&self, request: &Request<B>) -> Answer {
        let mut answer = self.content(request);
        if *request.method() == Method::HEAD {
            *answer.body_mut() = Full::default();
        }
        let headers = answer.headers_mut();
        let policy = HeaderValue::from_static(POLICY);
        headers
            .entry(header::CONTENT_SECURITY_POLICY)
            .or_insert(policy);
        for (name, value) in [
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_FRAME_OPTIONS, "DENY"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        answer
    }

    fn content<B>(&self, request: &Request<B>) -> Answer {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let text = "this server only shows: GET and HEAD\n";
            let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, text);
            let allowed = HeaderValue::from_static("GET, HEAD");
            answer.headers_mut().insert(header::ALLOW, allowed);
            return answer;
        }
        let asked = Asked::of(request, &self.guard.cookie());
        match self.guard.admit(asked.host.as_deref(), &asked.tokens()) {
            Ok(()) => {}
            Err(Refused::Name) => {
                let text =
                    "asked under a name that is not this server's: use its address, or `--name`\n";
                return plain(StatusCode::MISDIRECTED_REQUEST, text);
            }
            Err(Refused::Token) => {
                let text =
                    "the token is missing or wrong: `bench serve` printed an address with it\n";
                return plain(StatusCode::UNAUTHORIZED, text);
            }
        }
        let pages = asked.path == "/" || asked.path.starts_with("/run/");
        if let (true, Some(_), Some(cookie)) = (pages, &asked.query_token, self.guard.set_cookie())
        {
            return moved(&asked.path, &cookie);
        }
        self.page(&asked)
    }

    fn page(&self, asked: &Asked) -> Answer {
        // A panic of an earlier request is no reason to answer nobody.
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        match asked.path.as_str() {
            "/" => html(list(&shelf)),
            // Browsers ask for it by themselves.
            "/favicon.ico" => plain(StatusCode::NO_CONTENT, ""),
            "/metrics" => typed(metrics::MEDIA_TYPE, metrics::text(&shelf.asked_for())),
            "/static/live.css" => typed("text/css; charset=utf-8", STYLE),
            "/static/live.js" => typed("text/javascript; charset=utf-8", SCRIPT),
            "/static/uPlot.js" => typed("text/javascript; charset=utf-8", PLOT_SCRIPT),
            "/static/uPlot.css" => typed("text/css; charset=utf-8", PLOT_STYLE),
            path => {
                let mut parts = path.splitn(3, '/').skip(1);
                let (room, name) = (parts.next(), parts.next().map(decoded));
                match (room, name) {
                    (Some("run"), Some(name)) if shelf.folder(&name).is_some() => {
                        html(PAGE.replace("{{name}}", &escaped(&name)))
                    }
                    (Some("state"), Some(name)) => told(&mut shelf, &name, asked),
                    (Some("report"), Some(name)) => report(shelf.folder(&name).as_deref()),
                    _ => plain(
                        StatusCode::NOT_FOUND,
                        "there is no such page, or no such run\n",
                    ),
                }
            }
        }
    }
}

/// What is asked, as far as it matters.
pub(super) struct Asked {
    path: String,
    pub(super) host: Option<String>,
    query_token: Option<String>,
    cookie: Option<String>,
    bearer: Option<String>,
    channels: Option<Vec<usize>>,
}

impl Asked {
    pub(super) fn of<B>(request: &Request<B>, cookie: &str) -> Asked {
        let text = |name| {
            let value = request.headers().get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let query = request.uri().query().unwrap_or_default();
        let parameter = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .find(|(key, _)| *key == name)
                .map(|(_, value)| decoded(value))
        };
        let cookies = text(header::COOKIE).unwrap_or_default();
        let mut cookies = cookies
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='));
        let cookie = cookies.find(|(name, _)| *name == cookie);
        let bearer = text(header::AUTHORIZATION);
        let bearer = bearer
            .as_deref()
            .and_then(|text| text.strip_prefix("Bearer "));
        let channels = parameter("channels").map(|list| {
            let places = list.split(',').filter_map(|place| place.parse().ok());
            places.collect()
        });
        // One that names the server in its first line is asked under that name.
        let host = request.uri().authority().map(ToString::to_string);
        Asked {
            path: request.uri().path().to_owned(),
            host: host.or_else(|| text(header::HOST)),
            query_token: parameter("token"),
            cookie: cookie.map(|(_, value)| value.to_owned()),
            bearer: bearer.map(|token| token.trim().to_owned()),
            channels,
        }
    }

    pub(super) fn tokens(&self) -> Vec<&str> {
        let all = [&self.query_token, &self.cookie, &self.bearer];
        all.into_iter().flatten().map(String::as_str).collect()
    }
}

fn told(shelf: &mut Shelf, name: &str, asked: &Asked) -> Answer {
    match shelf.run(name) {
        Some(Ok(run)) => {
            let state = state(run, asked.channels.as_deref()).to_string();
            typed("application/json", state)
        }
        Some(Err(why)) => plain(StatusCode::INTERNAL_SERVER_ERROR, &format!("{why}\n")),
        None => plain(StatusCode::NOT_FOUND, "there is no such run\n"),
    }
}

/// The report of a run that is over.
fn report(folder: Option<&Path>) -> Answer {
    let text = folder.map(|folder| std::fs::read(folder.join("report.html")));
    match text {
        Some(Ok(text)) => {
            let mut answer = typed("text/html; charset=utf-8", text);
            let policy = HeaderValue::from_static(REPORT_POLICY);
            let headers = answer.headers_mut();
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
            answer
        }
        _ => plain(
            StatusCode::NOT_FOUND,
            "there is no report of it: it is not over\n",
        ),
    }
}

/// The list of all runs.
fn list(shelf: &Shelf) -> String {
    let rows = shelf.names().into_iter().map(|(name, found)| {
        let facts = facts(&found.folder);
        let word = match facts["verdict"].as_str() {
            Some(verdict) => verdict.to_uppercase(),
            None if find::is_written(&found.folder) == Some(true) => "running".to_owned(),
            None => "cut off".to_owned(),
        };
        let has_report = found.folder.join("report.html").is_file();
        let report = if has_report {
            format!("<a href=\"/report/{}\">report</a>", encoded(&name))
        } else {
            String::new()
        };
        format!(
            "<tr><td class=\"{}\">{word}</td><td><a href=\"/run/{}\">{}</a></td><td>{}</td><td>{}</td><td>{report}</td></tr>\n",
            word.split(' ').next().unwrap_or_default().to_lowercase(),
            encoded(&name),
            escaped(&name),
            escaped(facts["campaign"].as_str().unwrap_or_default()),
            escaped(facts["started"].as_str().unwrap_or_default()),
        )
    });
    LIST.replace("{{rows}}", &rows.collect::<String>())
}

fn moved(path: &str, cookie: &str) -> Answer {
    let mut answer = plain(StatusCode::SEE_OTHER, "");
    let headers = answer.headers_mut();
    if let (Ok(path), Ok(cookie)) = (HeaderValue::from_str(path), HeaderValue::from_str(cookie)) {
        headers.insert(header::LOCATION, path);
        headers.insert(header::SET_COOKIE, cookie);
    }
    answer
}

fn html(text: String) -> Answer {
    typed("text/html; charset=utf-8", text)
}

fn typed(kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    let kind = HeaderValue::from_static(kind);
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

fn plain(status: StatusCode, text: &str) -> Answer {
    let mut answer = typed("text/plain; charset=utf-8", text.to_owned());
    *answer.status_mut() = status;
    answer
}

/// Text that means itself in HTML, in an attribute too.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            letter => out.push(letter),
        }
    }
    out
}

/// Text as a part of an address (RFC 3986, section 2): slashes stay.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for octet in text.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(octet));
            }
            octet => write!(out, "%{octet:02X}").expect("a text in memory takes all"),
        }
    }
    out
}

/// The text that a part of an address stands for; what stands for none stays.
fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let octet = behind.get(..2).filter(|_| first == b'%');
        let octet = octet.and_then(|two| std::str::from_utf8(two).ok());
        let octet = octet.and_then(|two| u8::from_str_radix(two, 16).ok());
        (rest, ()) = match octet {
            Some(octet) => (&behind[2..], out.push(octet)),
            None => (behind, out.push(first)),
        };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn names_come_back_from_addresses(name in ".*") {
            prop_assert_eq!(decoded(&encoded(&name)), name);
        }

        #[test]
        fn any_address_is_read(text in ".*") {
            let _whatever = decoded(&text);
        }
    }
}
