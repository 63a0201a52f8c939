//! Effect: asks a name server. Every question has a limit; no answer is told apart from an empty one.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::rdata::TXT;
use hickory_resolver::proto::rr::{Name, RData, RecordType};

use crate::doctor::Answer;

/// Who is asked, and how long each question may take.
pub struct Dns {
    resolver: Result<TokioResolver, String>,
    limit: Duration,
}

impl Dns {
    /// Asks `server`, else the system's own. Where the system names none, every answer says so.
    pub fn new(server: Option<SocketAddr>, limit: Duration) -> Dns {
        let built = match server {
            Some(server) => {
                Ok(TokioResolver::builder_with_config(only(server), TokioRuntimeProvider::default()))
            }
            None => TokioResolver::builder_tokio(),
        };
        let resolver = built.and_then(|mut builder| {
            let options = builder.options_mut();
            // Two tries within the limit.
            (options.timeout, options.attempts) = (limit / 2, 1);
            options.use_hosts_file = ResolveHosts::Never;
            builder.build()
        });
        Dns {
            resolver: resolver.map_err(|_| "이 기기의 DNS 설정을 읽을 수 없어요".to_owned()), limit
        }
    }

    /// The same, unless it knows neither `domain` nor the top-level domain above it: cut off from the world, many a
    /// network's server says of every name that it does not exist. Then every answer says so.
    pub async fn unless_cut_off(self, domain: &str) -> Dns {
        let (texts, exchangers, addresses) =
            tokio::join!(self.texts(domain), self.exchangers(domain), self.addresses(domain));
        let unknown = is_empty(&texts) && is_empty(&exchangers) && is_empty(&addresses);
        let top = domain.rsplit('.').next().unwrap_or_default();
        if unknown && is_empty(&self.ask(top, RecordType::NS, |_| Some(())).await) {
            let cause = format!("물어본 DNS 서버는 .{top} 도메인조차 몰라요. 바깥과 끊긴 것 같아요");
            return Dns { resolver: Err(cause), ..self };
        }
        self
    }

    /// TXT records of `name`, each whole.
    pub async fn texts(&self, name: &str) -> Answer<String> {
        self.ask(name, RecordType::TXT, |data| match data {
            RData::TXT(text) => Some(joined(text)),
            _ => None,
        })
        .await
    }

    /// Addresses of `name`, IPv4 first.
    pub async fn addresses(&self, name: &str) -> Answer<IpAddr> {
        let read = |data: &RData| data.ip_addr();
        let (four, six) =
            tokio::join!(self.ask(name, RecordType::A, read), self.ask(name, RecordType::AAAA, read));
        match (four, six) {
            (Answer::Records(four), Answer::Records(six)) => {
                Answer::Records(four.into_iter().chain(six).collect())
            }
            (Answer::Records(found), Answer::Unknown(_)) | (Answer::Unknown(_), Answer::Records(found))
                if !found.is_empty() =>
            {
                Answer::Records(found)
            }
            (Answer::Unknown(cause), _) | (_, Answer::Unknown(cause)) => Answer::Unknown(cause),
        }
    }

    /// Mail exchangers of `name`, the preferred first.
    pub async fn exchangers(&self, name: &str) -> Answer<String> {
        let answer = self.ask(name, RecordType::MX, |data| match data {
            RData::MX(exchanger) => Some((exchanger.preference, host(&exchanger.exchange))),
            _ => None,
        });
        match answer.await {
            Answer::Records(mut found) => {
                found.sort();
                Answer::Records(found.into_iter().map(|(_, host)| host).collect())
            }
            Answer::Unknown(cause) => Answer::Unknown(cause),
        }
    }

    /// Names that `address` leads to.
    pub async fn names(&self, address: IpAddr) -> Answer<String> {
        let name = Name::from(address).to_ascii();
        self.ask(&name, RecordType::PTR, |data| match data {
            RData::PTR(name) => Some(host(&name.0)),
            _ => None,
        })
        .await
    }

    async fn ask<T>(&self, name: &str, kind: RecordType, read: impl Fn(&RData) -> Option<T>) -> Answer<T> {
        let resolver = match &self.resolver {
            Ok(resolver) => resolver,
            Err(cause) => return Answer::Unknown(cause.clone()),
        };
        // A last dot, so that no search domain of the machine is put behind it.
        let whole = format!("{}.", name.trim_end_matches('.'));
        match tokio::time::timeout(self.limit, resolver.lookup(whole, kind)).await {
            Ok(Ok(found)) => {
                Answer::Records(found.answers().iter().filter_map(|record| read(&record.data)).collect())
            }
            Ok(Err(error)) if error.is_no_records_found() && !is_failure(&error) => {
                Answer::Records(Vec::new())
            }
            Ok(Err(NetError::Timeout)) | Err(_) => {
                Answer::Unknown("정해진 시간 안에 답이 없었어요".to_owned())
            }
            Ok(Err(error)) if is_failure(&error) => {
                Answer::Unknown("DNS 서버가 답하지 못했어요(SERVFAIL)".to_owned())
            }
            Ok(Err(_)) => Answer::Unknown("DNS 서버에 연결하지 못했어요".to_owned()),
        }
    }
}

/// An answer that says nothing about the name: the server itself could not find out.
fn is_failure(error: &NetError) -> bool {
    use hickory_resolver::net::{DnsError, NoRecords};
    use hickory_resolver::proto::op::ResponseCode;
    match error {
        NetError::Dns(DnsError::NoRecordsFound(NoRecords { response_code, .. })) => {
            !matches!(response_code, ResponseCode::NoError | ResponseCode::NXDomain)
        }
        NetError::Dns(DnsError::ResponseCode(_)) => true,
        _ => false,
    }
}

fn is_empty<T>(answer: &Answer<T>) -> bool {
    matches!(answer, Answer::Records(records) if records.is_empty())
}

fn only(server: SocketAddr) -> ResolverConfig {
    let at = |mut connection: ConnectionConfig| {
        connection.port = server.port();
        connection
    };
    let connections = vec![at(ConnectionConfig::udp()), at(ConnectionConfig::tcp())];
    ResolverConfig::from_parts(None, Vec::new(), vec![NameServerConfig::new(server.ip(), true, connections)])
}

/// The strings of one record belong together without a space (RFC 7208 section 3.3, RFC 6376 section 3.6.2.2).
fn joined(text: &TXT) -> String {
    text.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect()
}

fn host(name: &Name) -> String {
    let text = name.to_ascii().to_ascii_lowercase();
    if text == "." { text } else { text.trim_end_matches('.').to_owned() }
}
