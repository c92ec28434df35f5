//! A gate whose files, store and clock fail when a switch is on. It is this program itself, as a process of its own, so
//! that it can be killed, and has a log of its own; switches are files of a folder that both sides know.
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Command, ExitCode};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chaperone::audit::{OpenSegment, SegmentFile, open_segment};
use chaperone::domain::time::{Clock, Span};
use chaperone::server::{self, Seams, Signalled, Signals};
use chaperone::store::{Doing, Obstacle};
use chaperone::telemetry::logs;

use super::world::Gate;

/// The first argument of the process that is such a gate.
pub(crate) const WORD: &str = "gate-with-seams";

/// How long to wait before a switch is looked at again.
const PAUSE: Duration = Duration::from_millis(5);

/// The switches of one gate.
#[derive(Debug, Clone)]
pub(crate) struct Switches(PathBuf);

impl Switches {
    /// Those in this folder, which is made if it is not there.
    pub(crate) fn at(folder: PathBuf) -> Self {
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Switches something on.
    pub(crate) fn on(&self, name: &str) {
        fs::write(self.0.join(name), "").unwrap();
    }

    /// Switches something off.
    pub(crate) fn off(&self, name: &str) {
        fs::remove_file(self.0.join(name)).unwrap();
    }

    /// Which segments of the trail were flushed so far, in order, each as often as it was.
    pub(crate) fn flushes(&self) -> Vec<String> {
        let log = fs::read_to_string(self.0.join("flushes.log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    fn is_on(&self, name: &str) -> bool {
        self.0.join(name).exists()
    }

    /// Whether something was on that works once.
    fn once(&self, name: &str) -> bool {
        fs::remove_file(self.0.join(name)).is_ok()
    }

    fn note_flush(&self, segment: &str) {
        let log = OpenOptions::new().append(true).create(true).open(self.0.join("flushes.log"));
        writeln!(log.unwrap(), "{segment}").unwrap();
    }
}

/// Starts such a gate by this configuration.
pub(crate) async fn start(config: &str, switches: &Switches) -> Gate {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(WORD).arg(config).arg(&switches.0).stdin(std::process::Stdio::null());
    Gate::run(command).await
}

/// Is such a gate, as `chaperone serve` is one, until a signal ends it.
pub(crate) fn serve(config: &str, switches: &str) -> ExitCode {
    logs::init(None);
    let config = chaperone::config::load(Path::new(config), std::iter::empty()).unwrap().config;
    let (switches, clock) = (Switches::at(switches.into()), Clock::system());
    let seams = Seams {
        clock: Arc::clone(&clock),
        segments: segments(switches.clone()),
        obstacle: Some(Arc::new(InTheWay(switches.clone()))),
    };
    std::thread::spawn(move || set_the_clock(&switches, &clock));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut signals = Signals::listen().unwrap();
        let running = server::start(config, seams).await.unwrap();
        while signals.next().await == Signalled::Reload {
            running.reload.everything();
        }
        running.shutdown().await;
    });
    ExitCode::SUCCESS
}

/// `clock` holds by how many seconds wall time moves, and is gone when it has.
fn set_the_clock(switches: &Switches, clock: &Clock) {
    let path = switches.0.join("clock");
    loop {
        if let Some(seconds) = fs::read_to_string(&path).ok().and_then(|text| text.parse().ok()) {
            clock.shift(Span::from_seconds(seconds));
            fs::remove_file(&path).unwrap();
        }
        std::thread::sleep(PAUSE);
    }
}

/// `reads-fail`, `writes-fail`; `reads-hang` as long as it is on.
struct InTheWay(Switches);

impl fmt::Debug for InTheWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InTheWay")
    }
}

impl Obstacle for InTheWay {
    fn before(&self, doing: Doing) -> Pin<Box<dyn Future<Output = io::Result<()>> + Send + '_>> {
        let (fails, hangs) = match doing {
            Doing::Read => ("reads-fail", "reads-hang"),
            Doing::Look => ("reads-fail", "looks-hang"),
            Doing::Write => ("writes-fail", "writes-hang"),
        };
        Box::pin(async move {
            while self.0.is_on(hangs) {
                tokio::time::sleep(PAUSE).await;
            }
            if self.0.is_on(fails) { Err(io::Error::other("disk I/O error")) } else { Ok(()) }
        })
    }
}

/// Segments that fail. `full`, `read-only`: writing and opening; `torn-write` once, in the middle; `flush-fails` once;
/// `no-new-segment`: opening; `flush-hangs` as long as it is on; `crash-drops`: what was not flushed is gone with the process.
fn segments(switches: Switches) -> OpenSegment {
    Box::new(move |path, end| {
        refuse(&switches)?;
        if switches.is_on("no-new-segment") {
            return Err(ErrorKind::Other.into());
        }
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let real = open_segment(path, end)?;
        Ok(Arc::new(Segment { switches: switches.clone(), name, real, unflushed: Mutex::default() }))
    })
}

fn refuse(switches: &Switches) -> io::Result<()> {
    if switches.is_on("full") {
        return Err(ErrorKind::StorageFull.into());
    }
    if switches.is_on("read-only") { Err(ErrorKind::ReadOnlyFilesystem.into()) } else { Ok(()) }
}

struct Segment {
    switches: Switches,
    name: String,
    real: Arc<dyn SegmentFile>,
    /// What a crash would lose.
    unflushed: Mutex<Vec<u8>>,
}

impl SegmentFile for Segment {
    fn write(&self, records: &[u8]) -> io::Result<()> {
        if self.switches.is_on("full") || self.switches.once("torn-write") {
            self.real.write(&records[..records.len() / 2])?;
            refuse(&self.switches)?;
            return Err(ErrorKind::WriteZero.into());
        }
        refuse(&self.switches)?;
        if self.switches.is_on("crash-drops") {
            self.unflushed.lock().unwrap().extend_from_slice(records);
            return Ok(());
        }
        self.real.write(records)
    }

    fn sync(&self) -> io::Result<()> {
        self.switches.note_flush(&self.name);
        while self.switches.is_on("flush-hangs") {
            std::thread::sleep(PAUSE);
        }
        if self.switches.once("flush-fails") {
            return Err(io::Error::from_raw_os_error(5));
        }
        let unflushed = std::mem::take(&mut *self.unflushed.lock().unwrap());
        self.real.write(&unflushed)?;
        self.real.sync()
    }

    /// Zeros ahead would bring flushes of their own, which the tests count.
    fn prepare(&self) -> io::Result<bool> {
        Ok(false)
    }

    fn len(&self) -> u64 {
        self.real.len() + self.unflushed.lock().unwrap().len() as u64
    }

    fn close(&self) -> io::Result<()> {
        self.sync()?;
        self.real.close()
    }

    fn in_place(&self) -> io::Result<bool> {
        self.real.in_place()
    }
}
