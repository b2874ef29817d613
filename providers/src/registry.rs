//! The providers that one namespace may use.

use std::{collections::BTreeMap, sync::Arc};

use wci_contract::{Crashes, VersionId};

use crate::{
    Host, Provider, ProviderError, Settings,
    lambda::{self, Lambda},
    subprocess::{self, Machine, ProcessAccess, Subprocess, SubprocessPool},
};

/// Every provider type of this build, enabled or not.
const KNOWN: [&str; 3] = [lambda::TYPE, subprocess::TYPE, subprocess::POOL];

/// Whether providers of this type start workers one by one, each of which exits on its own.
pub fn starts_one_by_one(provider_type: &str) -> bool {
    known_type(provider_type).is_some_and(|known| known != subprocess::POOL)
}

/// The provider type as a constant of this build, enabled or not; `None` if it is unknown.
pub fn known_type(provider_type: &str) -> Option<&'static str> {
    KNOWN.into_iter().find(|known| *known == provider_type)
}

/// The providers that one namespace may use.
#[derive(Clone)]
pub struct Registry {
    enabled: BTreeMap<&'static str, Provider>,
    machine: Option<Arc<Machine>>,
}

impl Registry {
    /// The providers that `settings` enables. Fails for unknown types, and for providers of
    /// processes if the host has no [`ProcessSettings`](crate::ProcessSettings).
    pub fn new(host: &Host, settings: Settings) -> Result<Self, ProviderError> {
        let mut enabled = BTreeMap::new();
        for name in &settings.enabled {
            let (name, provider) = build(host, &settings, name)?;
            enabled.insert(name, provider);
        }
        Ok(Self { enabled, machine: host.machine() })
    }

    /// The enabled provider of this type.
    pub fn find(&self, provider_type: &str) -> Result<Provider, ProviderError> {
        if let Some(provider) = self.enabled.get(provider_type) {
            return Ok(provider.clone());
        }
        Err(match known_type(provider_type) {
            Some(known) => ProviderError::NotEnabled(known),
            None => ProviderError::unknown_type(provider_type),
        })
    }

    /// Takes over the worker sets of `namespace` that an earlier system worker owned. Call it within
    /// a tokio runtime.
    pub fn resume(&self, namespace: &str) {
        if let Some(machine) = &self.machine {
            machine.keep_clean();
        }
        for provider in self.enabled.values() {
            match provider {
                Provider::Invoke(_) => {}
                Provider::WorkerSet(provider) => provider.resume(namespace),
            }
        }
    }

    /// How workers of the version's groups failed: see
    /// [`InvokeProvider::crashes`](crate::InvokeProvider::crashes).
    pub fn crashes(&self, namespace: &str, version: &VersionId) -> BTreeMap<String, Crashes> {
        self.enabled.values().flat_map(|it| it.crashes(namespace, version)).collect()
    }

    /// The number of processes of `namespace` that run on this machine. The first call reads the
    /// disk.
    pub fn running_processes(&self, namespace: &str) -> u32 {
        self.machine.as_ref().map_or(0, |machine| machine.running_in(namespace))
    }

    /// The enabled types, in alphabetical order.
    pub fn enabled(&self) -> impl Iterator<Item = &'static str> {
        self.enabled.keys().copied()
    }
}

fn build(
    host: &Host,
    settings: &Settings,
    name: &str,
) -> Result<(&'static str, Provider), ProviderError> {
    match name {
        lambda::TYPE => {
            let provider = Lambda::new(host.aws_sessions(), settings.lambda.clone());
            Ok((lambda::TYPE, Provider::Invoke(Arc::new(provider))))
        }
        subprocess::TYPE => {
            let machine = host.machine().ok_or(ProviderError::NoProcessSettings)?;
            let access = ProcessAccess::new(&settings.subprocess, settings);
            let provider = Subprocess::new(machine, access);
            Ok((subprocess::TYPE, Provider::Invoke(Arc::new(provider))))
        }
        subprocess::POOL => {
            let machine = host.machine().ok_or(ProviderError::NoProcessSettings)?;
            let access = ProcessAccess::new(&settings.pool, settings);
            let provider = SubprocessPool::new(machine, access);
            Ok((subprocess::POOL, Provider::WorkerSet(Arc::new(provider))))
        }
        other => Err(ProviderError::unknown_type(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HostSettings;

    fn message(registry: &Registry, name: &str) -> String {
        registry.find(name).err().unwrap().to_string()
    }

    #[test]
    fn lambda_alone_is_enabled_by_default() {
        let host = Host::new(HostSettings::default());
        let registry = Registry::new(&host, Settings::default()).unwrap();
        assert_eq!(registry.find("aws-lambda").unwrap().provider_type(), "aws-lambda");
        assert_eq!(registry.enabled().collect::<Vec<_>>(), ["aws-lambda"]);
    }

    #[test]
    fn an_unknown_type_is_refused_with_the_message_that_clients_know() {
        let host = Host::new(HostSettings::default());
        let registry = Registry::new(&host, Settings::default()).unwrap();
        assert_eq!(message(&registry, "nope"), "invalid compute provider type 'nope'");
        assert_eq!(message(&registry, ""), "invalid compute provider type ''");
    }

    #[test]
    fn the_error_for_a_disabled_provider_says_how_to_enable_it() {
        let host = Host::new(HostSettings::default());
        let registry = Registry::new(&host, Settings::default()).unwrap();
        let message = message(&registry, "subprocess");
        assert!(message.starts_with("invalid compute provider type 'subprocess'"), "{message}");
        assert!(message.contains("--enable-provider subprocess"), "{message}");
    }

    #[test]
    fn the_operator_cannot_enable_an_unknown_provider() {
        let host = Host::new(HostSettings::default());
        let settings = Settings { enabled: ["ec3".to_owned()].into(), ..Settings::default() };
        assert!(Registry::new(&host, settings).is_err());
    }
}
