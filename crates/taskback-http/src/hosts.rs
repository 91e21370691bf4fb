use std::net::IpAddr;

/// True if a host name or address, with or without the brackets of an IPv6 address in a URL, is loopback.
pub fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || address(host).is_some_and(|ip| ip.is_loopback())
}

/// True if a host is never reached through a proxy: loopback, link-local, and the metadata services, which hand out
/// credentials and know the machine by its address.
pub(crate) fn is_local(host: &str) -> bool {
    is_loopback(host)
        || address(host).is_some_and(|ip| match ip {
            IpAddr::V4(ip) => ip.is_link_local() || ip.octets() == ALIBABA_METADATA,
            IpAddr::V6(ip) => {
                ip.is_unicast_link_local()
                    || AWS_METADATA.contains(&ip.segments())
                    || ip.to_ipv4_mapped().is_some_and(|ip| is_local(&ip.to_string()))
            }
        })
}

const ALIBABA_METADATA: [u8; 4] = [100, 100, 100, 200];
/// EC2's instance metadata and EKS' pod identity, over IPv6.
const AWS_METADATA: [[u16; 8]; 2] =
    [[0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23]];

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_by_name_or_address() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "localhost.x", "127.0.0.1.evil", "10.0.0.1", "[::2]", "0.0.0.0"] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn metadata_and_link_local_are_local() {
        for host in [
            "localhost",
            "169.254.169.254",
            "169.254.170.2",
            "169.254.100.1",
            "100.100.100.200",
            "[fd00:ec2::254]",
            "fd00:ec2::23",
            "[fe80::1]",
            "[::ffff:169.254.169.254]",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(is_local(host), "{host}");
        }
        for host in
            ["10.0.0.1", "169.253.1.1", "100.100.100.201", "[fd00:ec2::255]", "metadata.example", "[::2]"]
        {
            assert!(!is_local(host), "{host}");
        }
    }
}
