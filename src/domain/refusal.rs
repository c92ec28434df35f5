//! A refusal: why somebody may not do something, and what they can do next. Statuses and texts are in `problem`.
use std::fmt;
use std::sync::Arc;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident => $text:literal,)+) => {
        /// Why something was refused: stable words, in the order in which one leads when several apply (contract, section 4).
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($(#[$doc])* $name,)+
            /// A code of the vendor's own policies.
            Vendor(Arc<str>),
        }

        impl Code {
            /// Every code of ours, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable word.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $text,)+
                    Self::Vendor(word) => word,
                }
            }

            /// The code of that word: one of ours, or the vendor's own.
            #[must_use]
            pub fn from_word(word: &str) -> Self {
                match word {
                    $($text => Self::$name,)+
                    own => Self::Vendor(own.into()),
                }
            }
        }
    };
}

codes! {
    /// Nobody that we know asks.
    Unauthenticated => "unauthenticated",
    /// No session, or one that never was.
    NoSession => "no-session",
    /// The session was ended.
    SessionEnded => "session-ended",
    /// The session was left alone for too long.
    SessionIdle => "session-idle",
    /// Another workspace than the session's, or than the member's own.
    WrongWorkspace => "wrong-workspace",
    /// The workspace forces single sign-on.
    ForcedSso => "forced-sso",
    /// A login as a user from inside another user's login.
    ChainedImpersonation => "chained-impersonation",
    /// Consent given from inside somebody else's login.
    ConsentWhileImpersonated => "consent-while-impersonated",
    /// The grant lends another login.
    WrongSubject => "wrong-subject",
    /// The grant names other engineers, groups or another organization.
    NotNamed => "not-named",
    /// The grant does not open this path.
    OutOfScope => "out-of-scope",
    /// No grant at all.
    GrantMissing => "grant-missing",
    /// The grant has not begun.
    GrantNotYet => "grant-not-yet",
    /// The grant is over.
    GrantEnded => "grant-ended",
    /// The grant was revoked.
    GrantRevoked => "grant-revoked",
    /// The workspace excludes emergencies.
    EmergencyNever => "emergency-never",
    /// The emergency is over.
    EmergencyEnded => "emergency-ended",
    /// The declarer's last emergency awaits its review.
    EmergencyUnreviewed => "emergency-unreviewed",
    /// Nobody approves their own.
    SelfApproval => "self-approval",
    /// The grant is for looking only.
    ReadOnly => "read-only",
    /// Only owners may.
    NotOwner => "not-owner",
    /// Longer than is allowed.
    DurationTooLong => "duration-too-long",
    /// An end is needed.
    DurationRequired => "duration-required",
    /// Not part of this plan.
    PlanRequired => "plan-required",
    /// A second factor was shown too long ago, or never.
    StepUp => "step-up",
    /// Some policy says no, or none says yes.
    PolicyDenied => "policy-denied",
    /// A policy could not be evaluated.
    PolicyError => "policy-error",
    /// The path can be read in more than one way.
    AmbiguousPath => "ambiguous-path",
    /// The request is malformed.
    BadRequest => "bad-request",
    /// No such thing, or none that the caller may know of.
    NotFound => "not-found",
    /// The state does not allow it any more.
    Conflict => "conflict",
    /// Several grants fit.
    ChooseGrant => "choose-grant",
    /// The body is too large.
    TooLarge => "too-large",
    /// The body is of a kind that is not taken.
    UnsupportedMediaType => "unsupported-media-type",
    /// Too many requests.
    TooManyRequests => "too-many-requests",
    /// A fault of ours.
    Internal => "internal",
    /// The app does not answer.
    UpstreamUnreachable => "upstream-unreachable",
    /// Our knowledge of grants is too old.
    StaleState => "stale-state",
    /// The trail cannot be written.
    AuditUnavailable => "audit-unavailable",
    /// Nobody has been able to tell the customer of an emergency yet.
    CustomerNotTold => "customer-not-told",
    /// The app takes too long.
    UpstreamTimeout => "upstream-timeout",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal in full, as a person needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The leading cause.
    pub code: Code,
    /// What is wrong, in a sentence without a capital or a period; empty: the code's own text.
    pub reason: String,
    /// What to do next; none: the code's own advice.
    pub next: Option<String>,
    /// The id of the policy that refused, when one did.
    pub policy: Option<String>,
    /// The other causes that applied.
    pub also: Vec<Code>,
}

impl Refusal {
    /// A refusal for one cause, with a reason of its own.
    #[must_use]
    pub fn because(code: Code, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), next: None, policy: None, also: Vec::new() }
    }

    /// Says what to do next.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::because(code, "")
    }
}
