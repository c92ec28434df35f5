//! What came of proving: for people and for machines.
use std::fmt;

use serde::Serialize;

use super::counterexample::{Counterexample, Told};

/// What was found about a set of policies.
#[derive(Debug, Serialize)]
pub struct Proof {
    /// The digest of the set, as it stands in the trail.
    pub bundle: String,
    /// How many policies it has.
    pub policies: usize,
    /// Each statement, and what came of it.
    pub findings: Vec<Finding>,
}

/// One statement about the set.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// What kind of statement it is.
    pub kind: Kind,
    /// The id of the invariant, or of the policy that it is about.
    pub id: String,
    /// The statement, as a sentence.
    pub says: String,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Kinds of statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An upper bound: what is never permitted.
    Never,
    /// A lower bound: what is always permitted.
    Always,
    /// A policy that can be evaluated whatever is asked.
    Evaluates,
    /// A `forbid` without which an invariant would be broken.
    Needed,
}

/// What came of a statement.
#[derive(Debug, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Outcome {
    /// It holds for everything that can be asked.
    Proved {
        /// How, where there is more to say.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// It does not hold.
    Refuted {
        /// For which actions.
        actions: Vec<String>,
        /// A situation that shows it, for the first of them.
        #[serde(skip_serializing_if = "Option::is_none")]
        counterexample: Option<Counterexample>,
    },
    /// Nobody knows. This is never taken for a proof.
    NotProved {
        /// Why not.
        why: String,
    },
}

/// What a whole proof comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// Everything is proved.
    Proved,
    /// Something is refuted.
    Refuted,
    /// Nothing is refuted, and something is not proved.
    NotProved,
}

impl Proof {
    /// What it comes to.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        let has = |wanted: fn(&Outcome) -> bool| self.findings.iter().any(|finding| wanted(&finding.outcome));
        if has(|outcome| matches!(outcome, Outcome::Refuted { .. })) {
            Conclusion::Refuted
        } else if has(|outcome| matches!(outcome, Outcome::NotProved { .. })) {
            Conclusion::NotProved
        } else {
            Conclusion::Proved
        }
    }

    /// What is not proved, in one line: the first finding, and how many more there are.
    #[must_use]
    pub fn brief(&self) -> String {
        let open = |finding: &&Finding| !matches!(finding.outcome, Outcome::Proved { .. });
        let refuted = |finding: &&Finding| matches!(finding.outcome, Outcome::Refuted { .. });
        let (count, first) = match self.conclusion() {
            Conclusion::Proved => return "proved".to_owned(),
            Conclusion::Refuted => (self.findings.iter().filter(refuted).count(), self.findings.iter().find(refuted)),
            Conclusion::NotProved => (self.findings.iter().filter(open).count(), self.findings.iter().find(open)),
        };
        let first = first.map(Finding::brief).unwrap_or_default();
        if count > 1 { format!("{first}, and {} more", count - 1) } else { first }
    }
}

impl Finding {
    fn brief(&self) -> String {
        match &self.outcome {
            Outcome::Proved { .. } => format!("`{}` is proved", self.id),
            Outcome::Refuted { actions, .. } => {
                format!("`{}` is refuted for {}: {}", self.id, actions.join(", "), self.says)
            }
            Outcome::NotProved { why } => format!("`{}` is not proved: {why}", self.id),
        }
    }
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Always => "always",
            Self::Evaluates => "evaluates",
            Self::Needed => "needed",
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.findings.iter().map(|finding| finding.id.len()).max().unwrap_or(0);
        // That a policy can be evaluated is news only when it cannot.
        let (silent, told): (Vec<_>, Vec<_>) = self
            .findings
            .iter()
            .partition(|finding| finding.kind == Kind::Evaluates && matches!(finding.outcome, Outcome::Proved { .. }));
        for finding in told {
            finding.write(f, width)?;
        }
        if !silent.is_empty() {
            writeln!(f, "proved      {:9}  {} policies and invariants, whatever is asked", "evaluates", silent.len())?;
        }
        let count =
            |wanted: fn(&Outcome) -> bool| self.findings.iter().filter(|finding| wanted(&finding.outcome)).count();
        writeln!(
            f,
            "{} policies, {}: {} proved, {} refuted, {} not proved",
            self.policies,
            self.bundle,
            count(|outcome| matches!(outcome, Outcome::Proved { .. })),
            count(|outcome| matches!(outcome, Outcome::Refuted { .. })),
            count(|outcome| matches!(outcome, Outcome::NotProved { .. })),
        )
    }
}

impl Finding {
    fn write(&self, f: &mut fmt::Formatter<'_>, width: usize) -> fmt::Result {
        let result = match &self.outcome {
            Outcome::Proved { .. } => "proved",
            Outcome::Refuted { .. } => "refuted",
            Outcome::NotProved { .. } => "not proved",
        };
        writeln!(f, "{result:10}  {:9}  {:width$}  {}", self.kind.word(), self.id, self.says)?;
        match &self.outcome {
            Outcome::Proved { note } => note.iter().try_for_each(|note| writeln!(f, "    {note}")),
            Outcome::NotProved { why } => writeln!(f, "    {why}"),
            Outcome::Refuted { actions, counterexample } => {
                writeln!(f, "    for {}", actions.join(", "))?;
                counterexample.iter().try_for_each(|example| example.write(f, self.kind))
            }
        }
    }
}

impl Counterexample {
    fn write(&self, f: &mut fmt::Formatter<'_>, kind: Kind) -> fmt::Result {
        match self {
            Self::Told(told) => told.write(f, kind),
            Self::Untold { why, situation } => {
                writeln!(f, "    only with facts that this program never brings together ({why}):")?;
                situation.lines().try_for_each(|line| writeln!(f, "      {line}"))
            }
        }
    }
}

impl Told {
    fn write(&self, f: &mut fmt::Formatter<'_>, kind: Kind) -> fmt::Result {
        writeln!(f, "    who     {}", self.who)?;
        writeln!(f, "    what    {}", self.what)?;
        writeln!(f, "    where   {}", self.place)?;
        writeln!(f, "    when    {}", self.when)?;
        self.basis.iter().try_for_each(|basis| writeln!(f, "    on      {basis}"))?;
        self.unusual.iter().try_for_each(|fact| writeln!(f, "    though  {fact}"))?;
        let by = if self.decided_by.is_empty() { "no policy".to_owned() } else { self.decided_by.join(", ") };
        let (decided, until) = match kind {
            Kind::Never | Kind::Needed => ("permitted by", "fails"),
            Kind::Always if self.decided_by.is_empty() => ("permitted by", "fails"),
            Kind::Always => ("refused by", "fails"),
            Kind::Evaluates => ("fails in", "passes"),
        };
        writeln!(f, "    {decided} {by}")?;
        writeln!(f, "    as a case of `policy test`, which {until} until the policies are corrected:")?;
        writeln!(f, "      [{}]", self.case)
    }
}
