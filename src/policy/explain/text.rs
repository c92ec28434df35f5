//! The explanation for people.
use std::fmt;

use super::{Answer, Explanation, Ground, ReadingSaid, Said};

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "ALLOW",
            Self::Deny => "DENY",
        })
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Permitted => "permitted: a policy permits it, and none forbids it",
            Self::Forbidden => "forbidden: a policy says no, whatever else says yes",
            Self::NotPermitted => "not permitted: no policy forbids it, but none permits it either",
            Self::NotEvaluated => "not evaluated: a policy failed, and then nothing passes",
            Self::NotAsked => "not asked: it is refused before any policy is asked",
        })
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, self.verdict)?;
        match &self.place {
            Some(place) => write!(f, "  ({place})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for ReadingSaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", self.path, self.effect)?;
        if !self.labels.is_empty() {
            write!(f, "  [{}]", self.labels.join(", "))?;
        }
        write!(f, "  {}", self.decision)?;
        self.code.iter().try_for_each(|code| write!(f, " {code}"))
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.as_deref().unwrap_or("permitted");
        writeln!(f, "{}  {code}: {}", self.decision, self.reason)?;
        self.next.iter().try_for_each(|next| writeln!(f, "      next: {next}"))?;
        if !self.also.is_empty() {
            writeln!(f, "      also: {}", self.also.join(", "))?;
        }
        writeln!(f, "\n{}", self.forbidden_or_not_permitted)?;
        self.policies.iter().try_for_each(|policy| writeln!(f, "  {policy}"))?;
        if !self.readings.is_empty() {
            writeln!(f, "\nreadings of the request")?;
            self.readings.iter().try_for_each(|reading| writeln!(f, "  {reading}"))?;
        }
        self.write_changes(f)?;
        let facts = serde_json::to_string_pretty(&self.facts).map_err(|_| fmt::Error)?;
        writeln!(f, "\npolicies {}\nfacts {facts}", self.bundle)
    }
}

impl Explanation {
    fn write_changes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.forbidden_or_not_permitted {
            Ground::Permitted | Ground::NotEvaluated | Ground::NotAsked => return Ok(()),
            Ground::Forbidden | Ground::NotPermitted => {}
        }
        let Some(first) = self.would_permit.first() else {
            return writeln!(f, "\nno small change of the facts would permit it");
        };
        let each = if first.len() == 1 { "any of these" } else { "all of one of these" };
        writeln!(f, "\nwould permit it, {each}")?;
        self.would_permit.iter().try_for_each(|set| writeln!(f, "  * {}", set.join("; and ")))
    }
}
