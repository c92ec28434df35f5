//! Who is compared.
use clap::ValueEnum;

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contender {
    /// hyper's server and hyper-util's pooled client, and nothing else
    Bare,
    /// nginx that forwards everything
    Nginx,
    /// nginx that asks the authorizer, by `auth_request`
    NginxAuth,
    /// The same, with 512 connections
    #[value(name = "nginx-auth-512")]
    NginxAuth512,
    /// nginx that asks an authorizer that remembers permits
    NginxAuthRemembering,
    /// Envoy with all sessions in its RBAC filter
    EnvoyRbac,
    /// Envoy that asks the authorizer, by `ext_authz` over HTTP
    EnvoyAuthz,
    /// The gate, `durability = "relaxed"`
    Chaperone,
    /// The gate, `durability = "strict"`
    Strict,
    /// The same, with 512 connections
    #[value(name = "strict-512")]
    Strict512,
}

/// What has to run for a line; two lines may share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Server {
    Bare,
    Nginx,
    NginxAuth,
    NginxAuthRemembering,
    EnvoyRbac,
    EnvoyAuthz,
    Relaxed,
    Strict,
}

impl Contender {
    /// Its name in the table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Bare => "bare hyper proxy",
            Self::Nginx => "nginx, no authorization",
            Self::NginxAuth => "nginx + auth_request",
            Self::NginxAuth512 => "nginx + auth_request, 512 connections",
            Self::NginxAuthRemembering => "nginx + auth_request, remembering",
            Self::EnvoyRbac => "Envoy + RBAC filter",
            Self::EnvoyAuthz => "Envoy + ext_authz",
            Self::Chaperone => "chaperone, relaxed",
            Self::Strict => "chaperone, strict",
            Self::Strict512 => "chaperone, strict, 512 connections",
        }
    }

    /// Whether it is chaperone.
    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Self::Chaperone | Self::Strict | Self::Strict512)
    }

    /// How many connections stay open to it.
    pub(crate) fn connections(self) -> usize {
        match self {
            Self::NginxAuth512 | Self::Strict512 => 512,
            Self::Bare
            | Self::Nginx
            | Self::NginxAuth
            | Self::NginxAuthRemembering
            | Self::EnvoyRbac
            | Self::EnvoyAuthz
            | Self::Chaperone
            | Self::Strict => 64,
        }
    }

    /// What has to run for it.
    pub(crate) fn server(self) -> Server {
        match self {
            Self::Bare => Server::Bare,
            Self::Nginx => Server::Nginx,
            Self::NginxAuth | Self::NginxAuth512 => Server::NginxAuth,
            Self::NginxAuthRemembering => Server::NginxAuthRemembering,
            Self::EnvoyRbac => Server::EnvoyRbac,
            Self::EnvoyAuthz => Server::EnvoyAuthz,
            Self::Chaperone => Server::Relaxed,
            Self::Strict | Self::Strict512 => Server::Strict,
        }
    }
}
