//! The sections `provider` and `scaler`: a type and its keys.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use wci_contract::{ComputeSpec, ConfigPayload, ScalingSpec};

const TYPE: &str = "type";
const NEXUS_ENDPOINT: &str = "nexus_endpoint";

/// A type and its keys, as in the file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Section(Map<String, Value>);

impl Serialize for Section {
    /// The type comes first, as a person would write it.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_own = |key: &str| key == TYPE || key == NEXUS_ENDPOINT;
        let own = [TYPE, NEXUS_ENDPOINT].into_iter().filter_map(|key| self.0.get_key_value(key));
        serializer.collect_map(own.chain(self.0.iter().filter(|(key, _)| !is_own(key))))
    }
}

impl Section {
    pub(super) fn into_provider(mut self) -> Result<ComputeSpec, String> {
        let provider_type = self.take_type("provider", "aws-lambda")?;
        let nexus_endpoint = self.take_text("provider", NEXUS_ENDPOINT)?.unwrap_or_default();
        let config = self.config();
        Ok(ComputeSpec { provider_type, config, nexus_endpoint, ..ComputeSpec::default() })
    }

    pub(super) fn into_scaler(mut self) -> Result<ScalingSpec, String> {
        let scaling_algorithm = self.take_type("scaler", "demand")?;
        Ok(ScalingSpec { scaling_algorithm, config: self.config(), ..ScalingSpec::default() })
    }

    pub(super) fn of_provider(compute: &ComputeSpec) -> Self {
        let mut keys = keys_of(compute.config.as_ref());
        put(&mut keys, TYPE, &compute.provider_type);
        put(&mut keys, NEXUS_ENDPOINT, &compute.nexus_endpoint);
        Self(keys)
    }

    /// The scaler as in a file; `None` if it is empty.
    pub(super) fn of_scaler(scaling: &ScalingSpec) -> Option<Self> {
        let mut keys = keys_of(scaling.config.as_ref());
        put(&mut keys, TYPE, &scaling.scaling_algorithm);
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// All keys with their values.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }

    fn take_type(&mut self, section: &str, example: &str) -> Result<String, String> {
        match self.take_text(section, TYPE)? {
            Some(name) if !name.is_empty() => Ok(name),
            _ => Err(format!("{section} has no type: add one, for example type: {example}")),
        }
    }

    fn take_text(&mut self, section: &str, key: &str) -> Result<Option<String>, String> {
        match self.0.remove(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("{section}: {key} must be a string: put it in quotes")),
        }
    }

    fn config(self) -> Option<ConfigPayload> {
        (!self.0.is_empty()).then(|| ConfigPayload::from_map(&self.0))
    }
}

/// The keys of `config`. A config that cannot be decoded is under `details`, unchanged.
fn keys_of(config: Option<&ConfigPayload>) -> Map<String, Value> {
    let Some(config) = config else { return Map::new() };
    config.to_map().unwrap_or_else(|_| {
        let raw = serde_json::to_value(config).unwrap_or_default();
        Map::from_iter([("details".to_owned(), raw)])
    })
}

fn put(keys: &mut Map<String, Value>, key: &str, text: &str) {
    if !text.is_empty() {
        keys.insert(key.to_owned(), text.into());
    }
}
