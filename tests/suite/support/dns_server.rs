//! A name server on a loopback UDP socket that answers from a table; what is not there does not exist.

use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;

use hickory_resolver::proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, MX, PTR, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record};

/// Names in lower case with their last dot, and what is known of them.
type Table = Vec<(String, RData)>;

pub struct DnsServer {
    pub address: SocketAddr,
    table: Arc<Mutex<Table>>,
}

impl DnsServer {
    pub fn start() -> DnsServer {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let address = socket.local_addr().expect("bound");
        let table: Arc<Mutex<Table>> = Arc::default();
        let known = Arc::clone(&table);
        thread::spawn(move || {
            let mut room = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut room) {
                let answer = answer(&room[..length], &known.lock().expect("unpoisoned"));
                let _ = socket.send_to(&answer, from);
            }
        });
        DnsServer { address, table }
    }

    fn put(&self, name: &str, data: RData) {
        self.table.lock().expect("unpoisoned").push((format!("{name}."), data));
    }

    /// A TXT record, in strings of 255 bytes.
    pub fn text(&self, name: &str, text: &str) {
        let parts: Vec<&[u8]> = text.as_bytes().chunks(255).collect();
        self.put(name, RData::TXT(TXT::from_bytes(parts)));
    }

    pub fn address(&self, name: &str, address: [u8; 4]) {
        let [a, b, c, d] = address;
        self.put(name, RData::A(A::new(a, b, c, d)));
    }

    pub fn exchanger(&self, name: &str, host: &str) {
        self.put(name, RData::MX(MX::new(10, Name::from_ascii(host).expect("a name"))));
    }

    /// What leads from `address` back to a name.
    pub fn reverse(&self, address: [u8; 4], host: &str) {
        let [a, b, c, d] = address;
        let name = format!("{d}.{c}.{b}.{a}.in-addr.arpa");
        self.put(&name, RData::PTR(PTR(Name::from_ascii(host).expect("a name"))));
    }

    /// Forgets the texts of `name`.
    pub fn forget_texts(&self, name: &str) {
        let is_text = |data: &RData| matches!(data, RData::TXT(_));
        let mut table = self.table.lock().expect("unpoisoned");
        table.retain(|(known, data)| *known != format!("{name}.") || !is_text(data));
    }
}

fn answer(question: &[u8], table: &Table) -> Vec<u8> {
    let asked = Message::from_vec(question).expect("a question");
    let mut answer = Message::new(asked.metadata.id, MessageType::Response, OpCode::Query);
    answer.metadata.recursion_desired = true;
    answer.metadata.recursion_available = true;
    let query = asked.queries.first().expect("a question").clone();
    let name = query.name().to_ascii().to_ascii_lowercase();
    let here: Vec<&RData> = table.iter().filter(|(known, _)| *known == name).map(|(_, data)| data).collect();
    if here.is_empty() {
        answer.metadata.response_code = ResponseCode::NXDomain;
    }
    for data in here.into_iter().filter(|data| data.record_type() == query.query_type()) {
        answer.add_answer(Record::from_rdata(query.name().clone(), 60, data.clone()));
    }
    answer.add_query(query);
    answer.to_vec().expect("an answer")
}
