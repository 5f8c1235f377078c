/* SPDX-License-Identifier: MIT */
/* mib.h - what netstat -s counts: events of IP, ICMP, UDP and TCP, by the names of /proc/net/snmp,
 * netstat and snmp6.
 *
 * Counts are per CPU and only ever added to; a sum over all CPUs is what is shown. Ref: RFC 4293,
 * RFC 4022, RFC 4113, Linux Documentation/networking/snmp_counter.rst. Tests:
 * selftests/abi/procnet.c
 */
#pragma once

#include <arch/percpu.h>
#include <kernel/lib/compiler.h>

#define MIB_IP4(M) \
	M(InReceives) M(InHdrErrors) M(InAddrErrors) M(ForwDatagrams) M(InUnknownProtos) M(InDiscards) M(InDelivers) \
	M(OutRequests) M(OutDiscards) M(OutNoRoutes) M(ReasmTimeout) M(ReasmReqds) M(ReasmOKs) M(ReasmFails) \
	M(FragOKs) M(FragFails) M(FragCreates) M(OutTransmits)

#define MIB_IP4_EXT(M) \
	M(InNoRoutes) M(InTruncatedPkts) M(InMcastPkts) M(OutMcastPkts) M(InBcastPkts) M(OutBcastPkts) M(InOctets) \
	M(OutOctets) M(InMcastOctets) M(OutMcastOctets) M(InBcastOctets) M(OutBcastOctets) M(InCsumErrors) \
	M(InNoECTPkts) M(InECT1Pkts) M(InECT0Pkts) M(InCEPkts) M(ReasmOverlaps)

#define MIB_IP6(M) \
	M(InReceives) M(InHdrErrors) M(InTooBigErrors) M(InNoRoutes) M(InAddrErrors) M(InUnknownProtos) \
	M(InTruncatedPkts) M(InDiscards) M(InDelivers) M(OutForwDatagrams) M(OutRequests) M(OutDiscards) \
	M(OutNoRoutes) M(ReasmTimeout) M(ReasmReqds) M(ReasmOKs) M(ReasmFails) M(FragOKs) M(FragFails) M(FragCreates) \
	M(InMcastPkts) M(OutMcastPkts) M(InOctets) M(OutOctets) M(InMcastOctets) M(OutMcastOctets) M(InBcastOctets) \
	M(OutBcastOctets) M(InNoECTPkts) M(InECT1Pkts) M(InECT0Pkts) M(InCEPkts) M(OutTransmits)

#define MIB_ICMP4(M) \
	M(InMsgs) M(InErrors) M(InCsumErrors) M(OutMsgs) M(OutErrors) M(OutRateLimitGlobal) M(OutRateLimitHost)

#define MIB_ICMP6(M) \
	M(InMsgs) M(InErrors) M(OutMsgs) M(OutErrors) M(InCsumErrors) M(OutRateLimitHost)

#define MIB_TCP(M) \
	M(ActiveOpens) M(PassiveOpens) M(AttemptFails) M(EstabResets) M(CurrEstab) M(InSegs) M(OutSegs) \
	M(RetransSegs) M(InErrs) M(OutRsts) M(InCsumErrors)

#define MIB_UDP(M) \
	M(InDatagrams) M(NoPorts) M(InErrors) M(OutDatagrams) M(RcvbufErrors) M(SndbufErrors) M(InCsumErrors) \
	M(IgnoredMulti) M(MemErrors)

#define MIB_TCP_EXT(M) \
	M(SyncookiesSent) M(SyncookiesRecv) M(SyncookiesFailed) M(EmbryonicRsts) M(PruneCalled) M(RcvPruned) \
	M(OfoPruned) M(OutOfWindowIcmps) M(LockDroppedIcmps) M(ArpFilter) M(TW) M(TWRecycled) M(TWKilled) \
	M(PAWSActive) M(PAWSEstab) M(DelayedACKs) M(DelayedACKLocked) M(DelayedACKLost) M(ListenOverflows) \
	M(ListenDrops) M(TCPHPHits) M(TCPPureAcks) M(TCPHPAcks) M(TCPRenoRecovery) M(TCPSackRecovery) \
	M(TCPSACKReneging) M(TCPSACKReorder) M(TCPRenoReorder) M(TCPTSReorder) M(TCPFullUndo) M(TCPPartialUndo) \
	M(TCPDSACKUndo) M(TCPLossUndo) M(TCPLostRetransmit) M(TCPRenoFailures) M(TCPSackFailures) M(TCPLossFailures) \
	M(TCPFastRetrans) M(TCPSlowStartRetrans) M(TCPTimeouts) M(TCPLossProbes) M(TCPLossProbeRecovery) \
	M(TCPRenoRecoveryFail) M(TCPSackRecoveryFail) M(TCPRcvCollapsed) M(TCPBacklogCoalesce) M(TCPDSACKOldSent) \
	M(TCPDSACKOfoSent) M(TCPDSACKRecv) M(TCPDSACKOfoRecv) M(TCPAbortOnData) M(TCPAbortOnClose) \
	M(TCPAbortOnMemory) M(TCPAbortOnTimeout) M(TCPAbortOnLinger) M(TCPAbortFailed) M(TCPMemoryPressures) \
	M(TCPMemoryPressuresChrono) M(TCPSACKDiscard) M(TCPDSACKIgnoredOld) M(TCPDSACKIgnoredNoUndo) \
	M(TCPSpuriousRTOs) M(TCPMD5NotFound) M(TCPMD5Unexpected) M(TCPMD5Failure) M(TCPSackShifted) M(TCPSackMerged) \
	M(TCPSackShiftFallback) M(TCPBacklogDrop) M(PFMemallocDrop) M(TCPMinTTLDrop) M(TCPDeferAcceptDrop) \
	M(IPReversePathFilter) M(TCPTimeWaitOverflow) M(TCPReqQFullDoCookies) M(TCPReqQFullDrop) M(TCPRetransFail) \
	M(TCPRcvCoalesce) M(TCPOFOQueue) M(TCPOFODrop) M(TCPOFOMerge) M(TCPChallengeACK) M(TCPSYNChallenge) \
	M(TCPFastOpenActive) M(TCPFastOpenActiveFail) M(TCPFastOpenPassive) M(TCPFastOpenPassiveFail) \
	M(TCPFastOpenListenOverflow) M(TCPFastOpenCookieReqd) M(TCPFastOpenBlackhole) M(TCPSpuriousRtxHostQueues) \
	M(BusyPollRxPackets) M(TCPAutoCorking) M(TCPFromZeroWindowAdv) M(TCPToZeroWindowAdv) M(TCPWantZeroWindowAdv) \
	M(TCPSynRetrans) M(TCPOrigDataSent) M(TCPHystartTrainDetect) M(TCPHystartTrainCwnd) M(TCPHystartDelayDetect) \
	M(TCPHystartDelayCwnd) M(TCPACKSkippedSynRecv) M(TCPACKSkippedPAWS) M(TCPACKSkippedSeq) \
	M(TCPACKSkippedFinWait2) M(TCPACKSkippedTimeWait) M(TCPACKSkippedChallenge) M(TCPWinProbe) M(TCPKeepAlive) \
	M(TCPMTUPFail) M(TCPMTUPSuccess) M(TCPDelivered) M(TCPDeliveredCE) M(TCPAckCompressed) M(TCPZeroWindowDrop) \
	M(TCPRcvQDrop) M(TCPWqueueTooBig) M(TCPFastOpenPassiveAltKey) M(TcpTimeoutRehash) M(TcpDuplicateDataRehash) \
	M(TCPDSACKRecvSegs) M(TCPDSACKIgnoredDubious) M(TCPMigrateReqSuccess) M(TCPMigrateReqFailure) M(TCPPLBRehash) \
	M(TCPAORequired) M(TCPAOBad) M(TCPAOKeyNotFound) M(TCPAOGood) M(TCPAODroppedIcmps)

/* How many sockets there are of each kind, by the names of /proc/net/protocols; Used: with a
 * description. */
#define MIB_SOCK(M) \
	M(TCP) M(TCPv6) M(UDP) M(UDPv6) M(RAW) M(RAWv6) M(PING) M(PINGv6) M(UNIX) M(UNIXstream) M(PACKET) M(NETLINK) M(Used)

#define MIB_ENUM_SOCK(n)    MIB_SOCK_##n,
#define MIB_ENUM_IP4(n)	    MIB_IP4_##n,
#define MIB_ENUM_IP4_EXT(n) MIB_IP4_EXT_##n,
#define MIB_ENUM_IP6(n)	    MIB_IP6_##n,
#define MIB_ENUM_ICMP4(n)   MIB_ICMP4_##n,
#define MIB_ENUM_ICMP6(n)   MIB_ICMP6_##n,
#define MIB_ENUM_TCP(n)	    MIB_TCP_##n,
#define MIB_ENUM_UDP4(n)    MIB_UDP4_##n,
#define MIB_ENUM_UDP6(n)    MIB_UDP6_##n,
#define MIB_ENUM_TCP_EXT(n) MIB_TCP_EXT_##n,
#define MIB_ALL											\
	MIB_IP4(MIB_ENUM_IP4) MIB_IP4_EXT(MIB_ENUM_IP4_EXT) MIB_IP6(MIB_ENUM_IP6) MIB_ICMP4(MIB_ENUM_ICMP4) MIB_ICMP6(MIB_ENUM_ICMP6) \
	MIB_TCP(MIB_ENUM_TCP) MIB_UDP(MIB_ENUM_UDP4) MIB_UDP(MIB_ENUM_UDP6) MIB_TCP_EXT(MIB_ENUM_TCP_EXT) MIB_SOCK(MIB_ENUM_SOCK)
/* clang-format off */
enum mib { MIB_ALL MIB_NR };
/* clang-format on */

struct mib_counts {
	u64 n[MIB_NR];
};
DECLARE_PER_CPU(struct mib_counts, mib_counts);

/* Any context: moved to another CPU in between, it counts there. */
static inline void mib_add(enum mib m, u64 n)
{
	__atomic_fetch_add(&this_cpu(mib_counts)->n[m], n, __ATOMIC_RELAXED);
}
static inline void mib_inc(enum mib m) { mib_add(m, 1); }
static inline void mib_sub(enum mib m, u64 n) { mib_add(m, 0 - n); }
u64 mib_read(enum mib m);

/* ICMP by type. */
void mib_icmp(bool six, bool out, u8 type);
u64 mib_icmp_read(bool six, bool out, u32 type);
