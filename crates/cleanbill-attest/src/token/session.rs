//! The conversation with a token.

use std::fmt;

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    mechanism::Mechanism,
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::{Session, UserType},
    slot::{Slot, TokenInfo},
    types::AuthPin,
};
use zeroize::Zeroizing;

use super::{TokenError, TokenUri};
use crate::key::{KeyError, PublicKey, SigningKey, der_of_raw, public_key_of_token};

/// Holds a private key in a token, ready to sign.
pub struct TokenKey {
    session: Session,
    private: ObjectHandle,
    public: PublicKey,
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TokenKey({})", self.public.curve().as_str())
    }
}

impl TokenKey {
    /// Loads the module, chooses token and key as the URI says, and logs in. `pin` is asked only where the token wants a PIN that is
    /// not typed on itself.
    pub fn open(
        uri: &TokenUri,
        pin: impl FnOnce() -> Option<Zeroizing<Vec<u8>>>,
    ) -> Result<Self, TokenError> {
        let path = uri.module()?;
        let module = |error: Error| TokenError::Module {
            path: path.clone(),
            problem: error.to_string(),
        };
        let driver = Pkcs11::new(&path).map_err(module)?;
        driver
            .initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))
            .map_err(module)?;
        let (slot, token) = choose(&driver, uri)?;
        let session = driver.open_ro_session(slot).map_err(failed)?;
        if token.protected_authentication_path() {
            session.login(UserType::User, None).map_err(failed)?;
        } else if token.login_required() {
            let pin = pin().ok_or(TokenError::PinWanted)?;
            let pin = std::str::from_utf8(&pin).map_err(|_| TokenError::PinWrong)?;
            session
                .login(UserType::User, Some(&AuthPin::from(pin)))
                .map_err(failed)?;
        }
        let mut wanted = vec![Attribute::Class(ObjectClass::PRIVATE_KEY)];
        wanted.extend(
            uri.object
                .iter()
                .map(|label| Attribute::Label(label.clone().into_bytes())),
        );
        wanted.extend(uri.id.iter().map(|id| Attribute::Id(id.clone())));
        let found = session.find_objects(&wanted).map_err(failed)?;
        let [private] = found[..] else {
            return Err(TokenError::Key { found: found.len() });
        };
        let public = public_half(&session, private)?;
        Ok(Self {
            session,
            private,
            public,
        })
    }
}

impl SigningKey for TokenKey {
    fn public_key(&self) -> PublicKey {
        self.public.clone()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let curve = self.public.curve();
        let digest = curve.prehash().of(message);
        let raw = self
            .session
            .sign(&Mechanism::Ecdsa, self.private, &digest)
            .map_err(|error| KeyError::Token {
                problem: error.to_string(),
            })?;
        let signature = der_of_raw(curve, &raw).ok_or(KeyError::Signing)?;
        // A token whose halves do not belong together makes signatures that nobody can verify.
        match self.public.verify(message, &signature) {
            Ok(()) => Ok(signature),
            Err(_) => Err(KeyError::Signing),
        }
    }
}

/// Returns the one token that is as the URI says.
fn choose(driver: &Pkcs11, uri: &TokenUri) -> Result<(Slot, TokenInfo), TokenError> {
    let mut found = Vec::new();
    for slot in driver.get_slots_with_initialized_token().map_err(failed)? {
        // A token that does not answer is not the one that was asked for.
        let Ok(token) = driver.get_token_info(slot) else {
            continue;
        };
        let is = |wanted: &Option<String>, stated: &str| {
            wanted
                .as_deref()
                .is_none_or(|wanted| wanted.trim_end() == stated.trim_end())
        };
        if is(&uri.token, token.label())
            && is(&uri.manufacturer, token.manufacturer_id())
            && is(&uri.serial, token.serial_number())
            && is(&uri.model, token.model())
            && uri.slot_id.is_none_or(|id| id == slot.id())
        {
            found.push((slot, token));
        }
    }
    match found.len() {
        1 => found.pop().ok_or(TokenError::Token { found: 0 }),
        found => Err(TokenError::Token { found }),
    }
}

/// Returns the public key of a private one: what the token holds beside it under the same id.
fn public_half(session: &Session, private: ObjectHandle) -> Result<PublicKey, TokenError> {
    let attributes = session
        .get_attributes(private, &[AttributeType::KeyType, AttributeType::Id])
        .map_err(failed)?;
    let (mut id, mut is_curve) = (None, false);
    for attribute in attributes {
        match attribute {
            Attribute::Id(bytes) => id = Some(bytes),
            Attribute::KeyType(kind) => is_curve = kind == KeyType::EC,
            _ => {}
        }
    }
    if !is_curve {
        let found = "not an elliptic curve".to_owned();
        return Err(TokenError::Unusable(KeyError::Kind { found }));
    }
    let id = id
        .filter(|id| !id.is_empty())
        .ok_or(TokenError::PublicKeyAbsent)?;
    let publics = session
        .find_objects(&[
            Attribute::Class(ObjectClass::PUBLIC_KEY),
            Attribute::KeyType(KeyType::EC),
            Attribute::Id(id),
        ])
        .map_err(failed)?;
    let public = *publics.first().ok_or(TokenError::PublicKeyAbsent)?;
    let attributes = session
        .get_attributes(public, &[AttributeType::EcParams, AttributeType::EcPoint])
        .map_err(failed)?;
    let (mut parameters, mut point) = (Vec::new(), Vec::new());
    for attribute in attributes {
        match attribute {
            Attribute::EcParams(bytes) => parameters = bytes,
            Attribute::EcPoint(bytes) => point = bytes,
            _ => {}
        }
    }
    public_key_of_token(&parameters, &point).map_err(TokenError::Unusable)
}

fn failed(error: Error) -> TokenError {
    match error {
        Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _) => {
            TokenError::PinWrong
        }
        Error::Pkcs11(RvError::PinLocked, _) => TokenError::PinLocked,
        other => TokenError::Failed {
            problem: other.to_string(),
        },
    }
}
