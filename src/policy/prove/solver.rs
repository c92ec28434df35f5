//! The solver: a process that is asked one question after another, and never believed blindly.
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use cedar_policy::{Authorizer, Decision, Policy, PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::err::Error;
use cedar_policy_symcc::solver::{LocalSolver, SolverError};
use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicy, CompiledPolicySet, Env};
use tokio::process::Command;
use tokio::time::timeout;

use crate::domain::time::{Clock, Uptime};

use super::query::{Query, collect, everything};

/// Which solver proves, and for how long.
#[derive(Debug, Clone)]
pub struct Solver {
    /// The program: cvc5, or whatever speaks as it does.
    pub program: PathBuf,
    /// How long a whole proof may take.
    pub patience: Duration,
}

/// What came of a question.
#[derive(Debug)]
pub(super) enum Found {
    /// There is no such situation: shown for all there are.
    Nothing,
    /// There is one, and Cedar itself decides it so.
    Example(Box<Env>),
    /// Nothing is known, and why.
    Unknown(String),
}

/// Asks, with one process at a time, until the time is over.
#[derive(Debug)]
pub(super) struct Asker {
    solver: Solver,
    schema: &'static Schema,
    compiler: Option<CedarSymCompiler<LocalSolver>>,
    clock: Arc<Clock>,
    began: Uptime,
    /// Why it is not asked at all.
    doubt: Option<String>,
}

impl Asker {
    pub(super) fn new(solver: &Solver, schema: &'static Schema) -> Self {
        let clock = Clock::system();
        let began = clock.uptime();
        Self { solver: solver.clone(), schema, compiler: None, clock, began, doubt: None }
    }

    /// How much time is left.
    fn left(&self) -> Duration {
        self.solver.patience.saturating_sub(self.clock.uptime().since(self.began))
    }

    /// Asks something of which the answer is known: a solver that is not there, or finds nothing where there is something,
    /// is asked nothing else.
    pub(super) async fn try_out(&mut self, kind: &RequestEnv) -> Result<(), String> {
        let some = Policy::parse(None, "permit (principal, action, resource) when { resource.forced_sso };")
            .map_err(|error| error.to_string())?;
        let known = Query::Permitted { by: collect([everything()?])?, but_not_by: collect([some])? };
        self.doubt = match self.find(&known, kind).await {
            Found::Example(_) => None,
            Found::Nothing => Some(format!("the solver `{}` proves what is false", self.solver.program.display())),
            Found::Unknown(why) => Some(why),
        };
        Ok(())
    }

    /// Looks for a situation of this `kind` that is as `query` says.
    pub(super) async fn find(&mut self, query: &Query, kind: &RequestEnv) -> Found {
        if let Some(doubt) = &self.doubt {
            return Found::Unknown(doubt.clone());
        }
        let left = self.left();
        if left.is_zero() {
            return Found::Unknown(self.late());
        }
        match timeout(left, self.ask(query, kind)).await {
            Ok(Ok(None)) => Found::Nothing,
            Ok(Ok(Some(env))) if holds(query, &env) => Found::Example(Box::new(env)),
            Ok(Ok(Some(_))) => Found::Unknown("the solver's example is none: Cedar decides it otherwise".to_owned()),
            Ok(Err(error)) => {
                // What it was asked may still be in its ears.
                self.stop().await;
                Found::Unknown(self.told(&error))
            }
            Err(_) => {
                self.stop().await;
                Found::Unknown(self.late())
            }
        }
    }

    /// Ends the process, and waits for its end.
    pub(super) async fn stop(&mut self) {
        if let Some(mut compiler) = self.compiler.take() {
            // It may have ended by itself.
            let _ = compiler.solver_mut().clean_up().await;
        }
    }

    async fn ask(&mut self, query: &Query, kind: &RequestEnv) -> Result<Option<Env>, Error> {
        let schema = self.schema;
        let compiler = match &mut self.compiler {
            Some(compiler) => compiler,
            none @ None => none.insert(CedarSymCompiler::new(start(&self.solver)?)?),
        };
        match query {
            Query::Permitted { by, but_not_by } => {
                let by = CompiledPolicySet::compile(by, kind, schema)?;
                let but_not_by = CompiledPolicySet::compile(but_not_by, kind, schema)?;
                compiler.check_implies_with_counterexample_opt(&by, &but_not_by).await
            }
            Query::Failing(policy) => {
                let policy = CompiledPolicy::compile(policy, kind, schema)?;
                compiler.check_never_errors_with_counterexample_opt(&policy).await
            }
        }
    }

    fn late(&self) -> String {
        format!("out of time: nothing more was asked after {} s", self.solver.patience.as_secs_f32())
    }

    fn told(&self, error: &Error) -> String {
        let program = self.solver.program.display();
        match error {
            Error::SolverUnknown => "the solver does not know".to_owned(),
            Error::SolverError(SolverError::Io(error)) if error.kind() == ErrorKind::NotFound => {
                format!("there is no solver `{program}`: install cvc5, or name it by `--solver` or `policy.solver`")
            }
            Error::SolverError(SolverError::Io(error)) => format!("no answer from the solver `{program}`: {error}"),
            Error::SolverError(error) => format!("the solver `{program}` failed: {error}"),
            error => error.to_string(),
        }
    }
}

/// Whether Cedar itself decides the example as the query says.
fn holds(query: &Query, env: &Env) -> bool {
    let ask = |set: &PolicySet| Authorizer::new().is_authorized(&env.request, set, &env.entities);
    match query {
        Query::Permitted { by, but_not_by } => {
            ask(by).decision() == Decision::Allow && ask(but_not_by).decision() == Decision::Deny
        }
        Query::Failing(policy) => {
            let alone = PolicySet::from_policies([policy.clone()]);
            alone.is_ok_and(|set| ask(&set).diagnostics().errors().next().is_some())
        }
    }
}

/// Starts the process. It inherits none of our variables, and dies with whoever asks.
fn start(solver: &Solver) -> Result<LocalSolver, SolverError> {
    let limit = format!("--tlimit-per={}", solver.patience.as_millis());
    let mut command = Command::new(&solver.program);
    command.args(["--lang", "smt", &limit]).env_clear().kill_on_drop(true).stderr(Stdio::piped());
    LocalSolver::from_command(&mut command)
}
