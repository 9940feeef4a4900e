"""一家医院的一天: a reference client of a hospital's billing desk, with grpcio and reflection alone.

    pip install grpcio grpcio-reflection
    python hospital.py 127.0.0.1:50051 H15250100001 <person_id> 2017-03-01 2017-03-10 <item_code>

It admits a person, uploads lines, discharges, pre-settles, settles, loses an answer and asks what became
of it, refunds a line and reconciles. It keeps a request id for each step, made before the step is sent."""
import sys
import uuid
from datetime import timedelta

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

address, hospital, person, first_day, last_day, item = sys.argv[1:]
channel = grpc.insecure_channel(address)
pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
PACKAGE = "yibao.orchestrator.v1."


def call(rpc, timeout=30, **fields):
    """`call("VisitService/GetVisit", visit_id="…")`: the message as reflection describes it."""
    service, name = rpc.split("/")
    found = pool.FindServiceByName(PACKAGE + service).FindMethodByName(name)
    request, answer = GetMessageClass(found.input_type), GetMessageClass(found.output_type)
    send = channel.unary_unary(f"/{PACKAGE}{rpc}", request.SerializeToString, answer.FromString)
    # The caller is this hospital: by its certificate in production, by its name on loopback.
    return send(request(**fields), timeout=timeout, metadata=[("yibao-caller", hospital)])


def surely(rpc, **fields):
    """A change, sent again under the same request id until its answer is known."""
    fields.setdefault("request_id", uuid.uuid4().hex)
    while True:
        try:
            return call(rpc, **fields)
        except grpc.RpcError as error:
            if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED,
                                    grpc.StatusCode.ABORTED, grpc.StatusCode.RESOURCE_EXHAUSTED):
                sys.exit(f"{rpc}: {error.details()}")  # 拒绝: why, and what to do, in Chinese


def yuan(fen):
    return f"{fen / 100:.2f} 元"


def line(code, price, count):
    return dict(line_code=code, item_code=item, local_code="YP-1", local_name="药品", fee_day=first_day,
                unit_price_micro_yuan=price * 1_000_000, quantity_e4=count * 10_000, amount_fen=price * count * 100)


# 入院登记, 费用明细分两批上传, 退一件, 出院.
visit = surely("VisitService/RegisterVisit", visit=dict(
    institution_code=hospital, visit_number=uuid.uuid4().hex[:20], person_id=person, scheme="390", med_type="21",
    begin_day=first_day, diagnosis_code="J18.900")).visit.visit_id
surely("VisitService/UploadLines", visit_id=visit, lines=[line("1", 5_000, 1), line("2", 40, 10)])
surely("VisitService/UploadLines", visit_id=visit, lines=[
    line("3", 600, 5), dict(line("4", 40, -2), original_line_code="2")])
surely("VisitService/Discharge", visit_id=visit, end_day=last_day)
stands = call("VisitService/GetVisit", visit_id=visit)
print(f"入院至出院: {stands.line_count} 条明细, 合计 {yuan(stands.total_fen)}")

# 预结算: the patient hears what it costs before anything is charged.
quote = call("OrchestratorService/PreSettle", visit_id=visit).quote
print(f"预结算: 基金支付 {yuan(quote.amounts.funds_fen)}, 个人现金 {yuan(quote.amounts.cash_fen)}")

# 结算, and its answer is lost: nobody knows until the outcome is asked. It is never "failed".
settle = dict(request_id=uuid.uuid4().hex, visit_id=visit, basis=quote.basis)
try:
    call("OrchestratorService/Settle", timeout=0.001, **settle)
except grpc.RpcError as lost:  # DEADLINE_EXCEEDED here, or the server's clock ran out first: CANCELLED
    print(f"结算应答丢失: {lost.code().name}")
outcome = call("OrchestratorService/GetOutcome", request_id=settle["request_id"], method="METHOD_SETTLE").outcome
print(f"查询结果: {outcome.State.Name(outcome.state)}")
paid = surely("OrchestratorService/Settle", **settle).settlement  # the same id: done once
assert paid.amounts == quote.amounts, "结算与预结算不一致"
print(f"结算 {paid.settlement_id}: 基金支付 {yuan(paid.amounts.funds_fen)}")

# 部分退费: the rest is priced again, and only the difference moves.
after = surely("RevisionService/RefundLines", settlement_id=paid.settlement_id, reason="未使用",
               lines=[dict(number=3, quantity_e4=20_000)]).settlement
print(f"退费后: 合计 {yuan(after.amounts.total_fen)}, 基金支付 {yuan(after.amounts.funds_fen)}")


# 对明细账: the hospital's own rows of the day, what was settled and what was corrected since.
def row(kind, new, old):
    return dict(settlement_id=paid.settlement_id, kind=kind, scheme="390", amounts=dict(
        medfee_fen=new.total_fen - old.total_fen, funds_fen=new.funds_fen - old.funds_fen,
        account_fen=new.account_fen - old.account_fen, cash_fen=new.cash_fen - old.cash_fen))


rows = [row("RECONCILIATION_ROW_KIND_SETTLEMENT", paid.amounts, type(paid.amounts)()),
        row("RECONCILIATION_ROW_KIND_REVISION", after.amounts, paid.amounts)]
day = str((paid.posted_time.ToDatetime() + timedelta(hours=8)).date())  # Asia/Shanghai
answer = surely("ReconciliationService/ReconcileLines", day=day, rows=rows)
ours = [one for one in answer.differences if one.row_key == paid.settlement_id]
print(f"对账 {day}: 上传 {len(rows)} 行, 本笔差异 {len(ours)} 处")
sys.exit(len(ours))
