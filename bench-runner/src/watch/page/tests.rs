//! The pages: what they serve, and to whom not.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use tokio::net::TcpListener;

use super::server::{CONNECTIONS, serve_within};
use super::{Guard, Shelf, serve};
use crate::runtime::{Pace, block_on};
use crate::watch::story;

/// Serves `folder`, guarded by a token or not, and says what comes for each request.
fn asked(folder: &Path, token: Option<&str>, requests: &[&str]) -> Vec<String> {
    let requests: Vec<String> = requests.iter().map(|it| it.replace('\n', "\r\n")).collect();
    served(folder, token, move |ask| {
        requests.iter().map(|request| ask(request)).collect()
    })
}

/// Serves `folder` to a client that asks one thing after the other; what the client says.
fn served<T: Send + 'static>(
    folder: &Path,
    token: Option<&str>,
    client: impl FnOnce(&dyn Fn(&str) -> String) -> T + Send + 'static,
) -> T {
    block_on(Pace::Real, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let guard = Guard::new(address, token.map(str::to_owned), &[]).unwrap();
        let shelf = Shelf::new(folder, Pace::Real.clock());
        let server = tokio::spawn(serve(listener, guard, shelf));
        let (told, answers) = tokio::sync::oneshot::channel();
        let client = std::thread::spawn(move || {
            let said = client(&|request| {
                let mut stream = TcpStream::connect(address).unwrap();
                let text = format!("{request}\r\nConnection: close\r\n\r\n");
                stream.write_all(text.as_bytes()).unwrap();
                let mut answer = Vec::new();
                stream.read_to_end(&mut answer).unwrap();
                String::from_utf8_lossy(&answer).into_owned()
            });
            // The server is waiting for it, unless the test has failed already.
            let _waited_for = told.send(said);
        });
        let said = answers.await;
        client.join().unwrap();
        server.abort();
        said.unwrap()
    })
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[test]
fn a_run_is_shown_while_it_is_written_and_only_shown() {
    let dir = tempfile::tempdir().unwrap();
    let header = story::header();
    let events = story::half_an_hour(&header);
    let folder = dir.path().join("a campaign/first");
    let mut recorder = story::recorded(&folder, &header, &events);
    recorder.record(&story::end()).unwrap();
    let answers = asked(
        dir.path(),
        None,
        &[
            "GET / HTTP/1.1\nHost: localhost",
            "GET /run/a%20campaign/first HTTP/1.1\nHost: 127.0.0.1",
            "GET /state/a%20campaign/first?channels=0 HTTP/1.1\nHost: 127.0.0.1",
            "GET /metrics HTTP/1.1\nHost: 127.0.0.1",
            "GET /static/uPlot.js HTTP/1.1\nHost: 127.0.0.1",
            "GET /report/a%20campaign/first HTTP/1.1\nHost: 127.0.0.1",
            "GET /state/../../etc/passwd HTTP/1.1\nHost: 127.0.0.1",
            "POST / HTTP/1.1\nHost: 127.0.0.1",
            "GET / HTTP/1.1\nHost: evil.example",
            "GET / HTTP/1.1",
            "HEAD / HTTP/1.1\nHost: 127.0.0.1",
        ],
    );
    let codes: Vec<&str> = answers.iter().map(|answer| status(answer)).collect();
    let expected = [
        "200", "200", "200", "200", "200", "404", "404", "405", "421", "421", "200",
    ];
    assert_eq!(codes, expected);
    for answer in &answers {
        let head = answer.split("\r\n\r\n").next().unwrap();
        for line in [
            "cache-control: no-store",
            "x-content-type-options: nosniff",
            "default-src 'none'",
        ] {
            assert!(head.contains(line), "{line} is not in {head}");
        }
    }
    assert!(answers[0].contains("href=\"/run/a%20campaign/first\""));
    let campaign = format!("<td>{}</td>", header.campaign);
    assert!(answers[0].contains(&campaign), "{}", answers[0]);
    let state = answers[2].split("\r\n\r\n").nth(1).unwrap();
    let state: serde_json::Value = serde_json::from_str(state).unwrap();
    assert_eq!(state["exit"]["name"], "INTERRUPTED");
    assert_eq!(state["drawn"].as_array().unwrap().len(), 1);
    let low = state["drawn"][0]["low"].as_array().unwrap();
    let low = low.iter().filter_map(serde_json::Value::as_f64);
    let low = Some(low.fold(f64::MAX, f64::min));
    assert_eq!(low, Some(24.0), "no extreme is lost");
    assert!(answers[3].ends_with("# EOF\n"));
    let voltage = "bench_channel_value{run=\"a campaign/first\",device=\"bus_supply\",\
                   channel=\"volts\",unit=\"V\"} 28.59";
    assert!(answers[3].contains(voltage), "{}", answers[3]);
    assert!(
        answers[3].contains("bench_damaged_total{run=\"a campaign/first\",device=\"payload\"} 1\n")
    );
    assert!(answers[10].ends_with("\r\n\r\n"), "HEAD has no body");
}

#[test]
fn a_run_that_ends_is_shown_with_its_end_and_the_server_stays() {
    let dir = tempfile::tempdir().unwrap();
    let header = story::header();
    let mut recorder = story::recorded(dir.path(), &header, &story::half_an_hour(&header));
    let folder = dir.path().to_owned();
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    served(dir.path(), None, move |ask| {
        let get = |path: &str| {
            let answer = ask(&format!("GET {path} HTTP/1.1\r\nHost: localhost"));
            (
                status(&answer).to_owned(),
                answer.split("\r\n\r\n").nth(1).unwrap().to_owned(),
            )
        };
        let (state, report) = (format!("/state/{name}"), format!("/report/{name}"));
        let told = || serde_json::from_str::<serde_json::Value>(&get(&state).1).unwrap();
        let live = told();
        assert_eq!(live["course"], "running");
        assert_eq!(
            (&live["exit"], &live["report"]),
            (&serde_json::Value::Null, &false.into())
        );
        assert_eq!(get(&report).0, "404");
        let running = format!("bench_run_state{{run=\"{name}\",bench_run_state=\"running\"}} 1\n");
        assert!(get("/metrics").1.contains(&running));

        recorder.record(&story::end()).unwrap();
        recorder.finish().unwrap();
        std::fs::write(folder.join("report.html"), "<p>its report").unwrap();
        let over = told();
        assert_eq!(over["course"], "ended");
        assert_eq!(over["exit"]["name"], "INTERRUPTED");
        assert_eq!(
            (&over["now"], &over["report"]),
            (&1_801.0.into(), &true.into())
        );
        assert_eq!(get(&report), ("200".to_owned(), "<p>its report".to_owned()));
        let metrics = get("/metrics").1;
        assert!(!metrics.contains(&running));
        assert!(
            metrics.contains(&running.replace("\"running\"", "\"ended\"")),
            "{metrics}"
        );
        // And it goes on showing: the list, and the same state again.
        assert_eq!(get("/").0, "200");
        assert_eq!(told(), over);
    });
}

#[test]
fn those_who_read_nothing_keep_nobody_out() {
    let dir = tempfile::tempdir().unwrap();
    drop(story::recorded(dir.path(), &story::header(), &[]));
    // More than the system keeps for those who do not read.
    std::fs::write(dir.path().join("report.html"), vec![b' '; 32 << 20]).unwrap();
    let name = dir.path().file_name().unwrap().to_string_lossy();
    let report = format!("GET /report/{name} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    block_on(Pace::Real, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let guard = Guard::new(address, None, &[]).unwrap();
        let shelf = Shelf::new(dir.path(), Pace::Real.clock());
        let longest = profiles::time::Period::millis(200);
        let server = tokio::spawn(serve_within(longest, listener, guard, shelf));
        let (told, heard) = tokio::sync::oneshot::channel();
        let client = std::thread::spawn(move || {
            let slow = (0..CONNECTIONS).map(|_| {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.write_all(report.as_bytes()).unwrap();
                stream
            });
            let slow: Vec<TcpStream> = slow.collect();
            let mut stream = TcpStream::connect(address).unwrap();
            let patience = std::time::Duration::from_secs(20);
            stream.set_read_timeout(Some(patience)).unwrap();
            stream
                .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .unwrap();
            let mut answer = String::new();
            let read = stream.read_to_string(&mut answer);
            drop(slow);
            told.send(read.map(|_| answer)).unwrap();
        });
        let answer = heard.await.unwrap().unwrap();
        client.join().unwrap();
        assert_eq!(status(&answer), "200");
        server.abort();
    });
}

#[test]
fn who_has_no_token_sees_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let header = story::header();
    drop(story::recorded(dir.path(), &header, &[]));
    let token = "0123456789abcdef";
    let with = format!("GET /?token={token} HTTP/1.1\nHost: 127.0.0.1");
    let bearer = format!("GET /metrics HTTP/1.1\nHost: 127.0.0.1\nAuthorization: Bearer {token}");
    let wrong = "GET /?token=0123456789abcdee HTTP/1.1\nHost: 127.0.0.1";
    let paths = ["/", "/metrics", "/static/live.js", "/state/x", "/nowhere"];
    let without = paths.map(|path| format!("GET {path} HTTP/1.1\nHost: 127.0.0.1"));
    let mut requests: Vec<&str> = without.iter().map(String::as_str).collect();
    requests.extend([wrong, &with, &bearer]);
    let answers = asked(dir.path(), Some(token), &requests);
    let codes: Vec<&str> = answers.iter().map(|answer| status(answer)).collect();
    assert_eq!(
        codes,
        ["401", "401", "401", "401", "401", "401", "303", "200"]
    );
    let head = &answers[6];
    assert!(head.contains("location: /\r\n"), "{head}");
    let cookie = head
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = cookie.unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
    for answer in &answers[..6] {
        assert!(!answer.contains(token), "{answer}");
    }
}

#[test]
fn a_cookie_is_as_good_as_the_token() {
    let dir = tempfile::tempdir().unwrap();
    drop(story::recorded(dir.path(), &story::header(), &[]));
    let guard = Guard::new(
        "127.0.0.1:80".parse().unwrap(),
        Some("0123456789abcdef".into()),
        &[],
    );
    let guard = guard.unwrap();
    let name = guard.cookie();
    let request =
        format!("GET / HTTP/1.1\nHost: localhost\nCookie: a=b; {name}=0123456789abcdef; c=d");
    let asked = super::server::Asked::of(&parsed(&request), &name);
    assert_eq!(guard.admit(asked.host.as_deref(), &asked.tokens()), Ok(()));
    let asked = super::server::Asked::of(&parsed(&request), "bench_81");
    assert!(guard.admit(asked.host.as_deref(), &asked.tokens()).is_err());
}

fn parsed(text: &str) -> hyper::Request<()> {
    let mut request = hyper::Request::new(());
    for line in text.lines().skip(1) {
        let (name, value) = line.split_once(": ").unwrap();
        let name: hyper::header::HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    request
}
