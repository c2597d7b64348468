//! One file behind an `http://` or `https://` address.

use std::sync::Arc;

use cleanbill_core::Text;
use cleanbill_formats::{bytes::ReadAt, limits::Limits};

use super::{
    Artifact, Listed, Reading, RemoteError, Secret, Source, WebOptions,
    address::Address,
    remote_file::{OpenedFile, RemoteFile},
    web::Client,
};

/// Says which file to read and how.
#[derive(Clone, Debug, Default)]
pub struct HttpOptions {
    /// Its address, without user name and password.
    pub address: String,
    /// Value of the `Authorization` header, sent to this host only.
    pub authorization: Option<Secret>,
    /// How its bytes are fetched.
    pub reading: Reading,
    /// Caps on what is copied.
    pub limits: Limits,
    /// How to talk to the server.
    pub web: WebOptions,
}

/// Gives the one file behind an address.
#[derive(Debug)]
pub struct HttpFile {
    target: String,
    name: String,
    file: OpenedFile,
}

impl HttpFile {
    /// Asks the server for the file.
    pub fn open(options: HttpOptions) -> Result<Self, RemoteError> {
        let address = Address::parse(&options.address)?;
        let file = RemoteFile {
            client: Arc::new(Client::new(options.web)?),
            pool: Arc::default(),
            address: address.clone(),
            authorization: options.authorization,
            reading: options.reading,
            limits: options.limits,
        };
        Ok(Self {
            target: address.shown(),
            name: address.file_name().unwrap_or_else(|| address.host().to_owned()),
            file: file.open()?,
        })
    }

    /// Returns the address as reports name it: without its query, which may hold a signature.
    pub fn target(&self) -> &str {
        &self.target
    }
}

impl Source for HttpFile {
    fn list(&self) -> Vec<Listed> {
        vec![Listed::Artifact(Box::new(Opened {
            name: self.name.clone(),
            file: self.file.clone(),
        }))]
    }
}

/// A file that answered.
#[derive(Debug)]
struct Opened {
    name: String,
    file: OpenedFile,
}

impl Artifact for Opened {
    fn path(&self) -> &str {
        &self.name
    }

    fn open(&self) -> Result<Arc<dyn ReadAt>, Text> {
        Ok(Arc::clone(&self.file.bytes))
    }

    fn changed(&self) -> Option<Text> {
        self.file.changed()
    }
}
