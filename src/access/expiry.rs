//! What ends by itself: sessions past their end, left idle, or on a grant that is over; old rows are swept.
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::Access;

/// Ends and sweeps until `stop`, every few seconds. The proxy refuses by the clock, not by this.
pub async fn sweep(access: Arc<Access>, stop: CancellationToken) {
    let _ = (access, stop);
    todo!()
}
