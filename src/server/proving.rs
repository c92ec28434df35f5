//! Loads policies, and proves them before they decide where the configuration asks for it: away from every request.
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::config::{self, Proving};
use crate::policy::{Bundle, Conclusion, Invariants, PolicyErrors, Proof, Solver, prove};

/// How long a proof may take. Whatever waits for it goes on as before.
const PATIENCE: Duration = Duration::from_mins(1);

/// Why a set of policies does not decide.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotLoaded {
    /// There are mistakes in the files.
    #[error("{0}")]
    Mistakes(Box<PolicyErrors>),
    /// It is refuted, or not proved where that is required.
    #[error("{full}")]
    Unproved {
        /// In one line.
        brief: String,
        /// With every finding.
        full: String,
    },
    /// Nobody waited for the end of it.
    #[error("it was given up: {0}")]
    GivenUp(String),
}

/// Loads sets, and knows which one it has proved.
#[derive(Debug)]
pub(super) struct Loader {
    policy: config::Policy,
    /// The digests of set and invariants.
    proved: Mutex<Option<(String, String)>>,
    stop: CancellationToken,
}

impl Loader {
    /// One that gives up at `stop`.
    pub(super) fn new(policy: &config::Policy, stop: CancellationToken) -> Arc<Self> {
        Arc::new(Self { policy: policy.clone(), proved: Mutex::default(), stop })
    }

    /// The set that may decide.
    pub(super) async fn load(self: &Arc<Self>) -> Result<Bundle, NotLoaded> {
        // Parsing, validating and proving take a while: no request waits for them.
        let this = Arc::clone(self);
        let loaded = tokio::task::spawn_blocking(move || this.load_here()).await;
        loaded.unwrap_or_else(|error| Err(NotLoaded::GivenUp(error.to_string())))
    }

    /// The files that it reads.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        self.policy.dirs.iter().chain(&self.policy.invariants).cloned().collect()
    }

    /// Whether there are folders at all; without them the policies are part of the program.
    pub(super) fn has_folders(&self) -> bool {
        !self.policy.dirs.is_empty()
    }

    /// Whether changed files are read by themselves.
    pub(super) fn is_watched(&self) -> bool {
        self.policy.reload
    }

    fn load_here(&self) -> Result<Bundle, NotLoaded> {
        let bundle = Bundle::load(&self.policy).map_err(NotLoaded::Mistakes)?;
        if self.policy.proving == Proving::Off {
            return Ok(bundle);
        }
        let invariants = Invariants::load(&self.policy).map_err(NotLoaded::Mistakes)?;
        let both = (bundle.id().to_string(), invariants.id().to_owned());
        if self.proved.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == Some(&both) {
            return Ok(bundle);
        }
        if judge(&self.prove(&bundle, &invariants)?, self.policy.proving)? {
            *self.proved.lock().unwrap_or_else(PoisonError::into_inner) = Some(both);
        }
        Ok(bundle)
    }

    /// Proves on this thread, until it is done or nobody waits any more.
    fn prove(&self, bundle: &Bundle, invariants: &Invariants) -> Result<Proof, NotLoaded> {
        let given_up = |error: String| NotLoaded::GivenUp(error);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| given_up(error.to_string()))?;
        let program = self.policy.solver.clone().unwrap_or_else(|| "cvc5".into());
        let solver = Solver { program, patience: PATIENCE };
        runtime.block_on(async {
            tokio::select! {
                proof = prove(bundle, invariants, &solver, false) => proof.map_err(given_up),
                () = self.stop.cancelled() => Err(given_up("the gate is stopping".to_owned())),
            }
        })
    }
}

/// Whether the set is proved; one that is not may be let through, never one that is refuted.
fn judge(proof: &Proof, proving: Proving) -> Result<bool, NotLoaded> {
    let unproved = || NotLoaded::Unproved { brief: proof.brief(), full: proof.to_string() };
    match (proof.conclusion(), proving) {
        (Conclusion::Proved, _) => {
            tracing::info!(bundle = proof.bundle, statements = proof.findings.len(), "the policies are proved");
            Ok(true)
        }
        (Conclusion::NotProved, Proving::WhenAvailable | Proving::Off) => {
            let why = proof.brief();
            tracing::warn!(bundle = proof.bundle, why, "the policies are not proved, and decide all the same");
            Ok(false)
        }
        (Conclusion::NotProved, Proving::Required) | (Conclusion::Refuted, _) => Err(unproved()),
    }
}
