//! Stories through the real binary and real sockets: each test is a sentence about chaperone that its users rely on.
//!
//! * `world`: a gate that runs, the app behind it, the people around it, and clients for all of them.
//! * `spine`: grant, enter, work, revoke, restart, verify: the story of a support case from end to end.
//! * `effects`: what a session may do, by method and path, and until when.
//! * `consent`: who may give access, to whom, and what ends it.
//! * `living`: what changes while sessions live and streams are open: people, workspaces, policies, keys, certificates.
//! * `examples`: what docs/UPSTREAM.md tells app developers to write.
//! * `extensions`: an engineer who is inside asks to stay longer.
//! * `explain`: why a request passes or not. `prove`: what holds for every request that there can be.
//! * `upstream_sees`: what the app gets to read, and what never reaches it or comes back from it.
//! * `upstreams`: several origins behind one route, how they are reached, and what happens when one fails.
//! * `real`: apps of others that take the user from a header, behind the gate.
//! * `chained`: a login inside a login at another gate.
//! * `inline`: a gate in front of the app for everybody, customers too.
//! * `coverage`: every call of the API and every kind of caller, from the API's own document.
//! * `refusals`: how a refusal looks, to a program and to a person.
//! * `commands`: the commands that ask a running gate, and those that describe the command line.
//! * `attacks`: the attack suite of `tests/attacks`: nothing unsafe reaches the app, whatever is sent.
//! * `banner`: what an engineer sees on the app's pages of the login that they are in.
//! * `browser`: what people see, in a real Chromium.
//! * `signing_in_again`: a fresh second factor where a policy asks for it, and sign-out by the identity provider.
//! * `residue`: what a browser keeps of a session that is over: nothing.
//! * `secrets`: nothing that is planted as a secret is in a log, the trail, an error page, a metric or a trace.
//! * `seeds`: what the support accesses that exist demand, sentence by sentence.
//! * `proxy`: what attackers send on the wire, and what the app gets of it.
//! * `support_access`: what customers see and do on our own pages.
//! * `trail`: what an auditor and a customer can prove by the trail, and what whoever changes it cannot hide.
//! * `console`: what engineers see and do in a browser.
//! * `sign_in`: engineers sign in by browser. `browsers`: what that is worth to their sessions.
//! * `forwarded`: where a request comes from, when there are other proxies in front.
//! * `tls`: certificates by name, certificates of clients, resumption, and what sslyze says of it.
//! * `traces`: the place of a request in its trace, and the collector that hears of it.
//! * `rotation`: the signing key is replaced while the gate serves. `doctor`: what is found wrong, and told.
//! * `toggles`: nothing passes after the acknowledgement of a revoke, whoever tries.
//! * `limits`: what clients may use up, and what those see who take more.
//! * `notices`: who is told what, when mail servers and webhooks fail, and when the gate is killed.
//! * `partners`: engineers of another organization, for whom its own issuer speaks, and nobody else.
//! * `operate`: what operators meet: mistakes, signals, an app or a disk that is gone.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod attacks;
mod banner;
mod browser;
mod browsers;
mod chained;
mod commands;
mod consent;
mod console;
mod coverage;
mod doctor;
mod effects;
mod examples;
mod explain;
mod extensions;
mod forwarded;
mod inline;
mod limits;
mod living;
mod notices;
mod operate;
mod partners;
mod prove;
mod proxy;
mod real;
mod refusals;
mod residue;
mod rotation;
mod secrets;
mod seeds;
mod sign_in;
mod signing_in_again;
mod spine;
mod support_access;
mod tls;
mod toggles;
mod traces;
mod trail;
mod upstream_sees;
mod upstreams;
mod world;
