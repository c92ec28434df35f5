//! Asks the identity provider for signed-in engineers again, without them, while it gives us something to ask it with. That
//! is kept in memory only: after a restart engineers are led to the sign-in when their time is over.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::access::sign_ins;
use crate::api::error::ApiError;
use crate::api::{ApiState, claims};
use crate::domain::id::{EngineerId, SignInId};
use crate::domain::time::Span;
use crate::identity::{Identified, OidcError};
use crate::telemetry::logs::chain;

use super::SignIn;

/// What a provider says when it does not vouch for somebody any more (RFC 6749, section 5.2).
const GONE: &str = "invalid_grant";

/// What to ask with, by sign-in.
#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<HashMap<SignInId, SecretString>>);

impl Remembered {
    /// Keeps what the provider gave for this sign-in.
    pub(super) fn keep(&self, sign_in: SignInId, refresh: Option<SecretString>) {
        if let Some(refresh) = refresh {
            self.all().insert(sign_in, refresh);
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<SignInId, SecretString>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks until `stop`, for each sign-in at half the time that it counts.
pub async fn ask_again(state: Arc<ApiState>, stop: CancellationToken) {
    let (Some(sign_in), Some(recheck)) = (&state.sign_in, state.config.staff.recheck) else { return };
    let pause = Span::from_millis(recheck.as_millis() / 20).to_std().max(Duration::from_secs(1));
    let half = Span::from_millis(recheck.as_millis() / 2);
    while stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
        let known: Vec<_> = sign_in.remembered.all().iter().map(|(id, token)| (id.clone(), token.clone())).collect();
        for (id, refresh) in known {
            match sign_ins::standing(&state.access, &id).await {
                Ok(Some(found)) if found.verified_at.plus(half) <= state.clock.now() => {
                    one(&state, sign_in, &id, &found.engineer, &refresh).await;
                }
                Ok(Some(_)) => {}
                Ok(None) => drop(sign_in.remembered.all().remove(&id)),
                Err(error) => tracing::warn!(error = chain(&error), "cannot read a sign-in"),
            }
        }
    }
}

async fn one(state: &ApiState, sign_in: &SignIn, id: &SignInId, engineer: &EngineerId, refresh: &SecretString) {
    let done = match sign_in.provider.ask_again(refresh).await {
        Ok(identified) if identified.jwt.subject == engineer.as_str() => vouched(state, sign_in, id, identified).await,
        Err(OidcError::Refused(why)) if why == GONE => {
            sign_in.remembered.all().remove(id);
            sign_ins::disowned(&state.access, engineer).await.map_err(ApiError::from)
        }
        Ok(_) => {
            tracing::warn!(%engineer, "the staff identity provider answers for somebody else");
            Ok(())
        }
        Err(error) => {
            tracing::warn!(error = chain(&error), %engineer, "a sign-in cannot be verified again");
            Ok(())
        }
    };
    if let Err(error) = done {
        tracing::warn!(?error, %engineer, "a sign-in was not verified again");
    }
}

async fn vouched(state: &ApiState, sign_in: &SignIn, id: &SignInId, identified: Identified) -> Result<(), ApiError> {
    let Identified { jwt, refresh } = identified;
    let claims = claims::engineer(&jwt, &state.config.staff)?;
    sign_ins::verified(&state.access, id, claims).await?;
    sign_in.remembered.keep(id.clone(), refresh);
    Ok(())
}
