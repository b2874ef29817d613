"""Lints this folder. Run it through the script `check` beside it."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import hcl2
import yaml

DEPLOY = pathlib.Path(__file__).resolve().parent
DOCS = DEPLOY.parent / "docs"
BIN = pathlib.Path(sys.argv[1])
KUBERNETES = "1.33"
INVOKE = {"lambda:InvokeFunction", "lambda:GetFunction"}

failed = []


def check(name, problem):
    """Reports one check; it passed if `problem` is empty."""
    print(f"{'ok  ' if not problem else 'FAIL'} {name}")
    if problem:
        failed.append(name)
        print(problem.rstrip())


def run(*command, **options):
    """Runs a linter; returns its output if it failed, else an empty string."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    return "" if done.returncode == 0 else done.stdout + done.stderr or "failed without output"


def documents(path):
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def cloudformation():
    template = DEPLOY / "aws/invocation-role.yaml"
    check("cfn-lint invocation-role.yaml", run(BIN / "cfn-lint", "--", template))


def terraform():
    folder = DEPLOY / "aws/terraform"
    for path in sorted(folder.glob("*.tf")):
        try:
            with path.open() as file:
                hcl2.load(file)
            check(f"HCL {path.name}", "")
        except Exception as error:  # The parser has no error type of its own.
            check(f"HCL {path.name}", str(error))
    check("terraform: every reference is declared, every declaration used", references(folder))
    program = shutil.which("terraform")
    if not program:
        print("skip terraform fmt, validate: terraform is not installed")
        return
    check("terraform fmt", run(program, "fmt", "-check", "-diff", folder))
    with tempfile.TemporaryDirectory() as copy:
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        problem = run(program, "init", "-no-color", "-backend=false", "-input=false", cwd=copy, timeout=300)
        if "Failed to query available provider packages" in problem:
            print("skip terraform validate: the provider hashicorp/aws cannot be downloaded")
            return
        check("terraform init", problem)
        if not problem:
            check("terraform validate", run(program, "validate", "-no-color", cwd=copy))


def references(folder):
    """Checks what a validation finds without a provider: undeclared and unused names."""
    text = "\n".join(re.sub(r"#.*", "", path.read_text()) for path in sorted(folder.glob("*.tf")))
    declared = {f"var.{name}" for name in re.findall(r'^variable "(\w+)"', text, re.M)}
    declared |= {f"{kind}.{name}" for kind, name in re.findall(r'^resource "(\w+)" "(\w+)"', text, re.M)}
    declared |= {f"data.{kind}.{name}" for kind, name in re.findall(r'^data "(\w+)" "(\w+)"', text, re.M)}
    for block in re.findall(r"^locals \{\n(.*?)^\}", text, re.M | re.S):
        declared |= {f"local.{name}" for name in re.findall(r"^  (\w+) +=", block, re.M)}
    used = set(re.findall(r"\b(data\.aws_\w+\.\w+|(?<!data\.)aws_\w+\.\w+|(?:var|local)\.\w+)", text))
    # Resources need no reference.
    unused = {name for name in declared if not name.startswith("aws_")} - used
    return "".join(f"{name} is not declared\n" for name in sorted(used - declared)) + "".join(
        f"{name} is not used\n" for name in sorted(unused)
    )


def policies():
    """Checks that the policy, CloudFormation and Terraform grant the same permissions."""
    invoke = json.loads((DEPLOY / "aws/iam/invoke-policy.json").read_text())["Statement"]
    started = set(invoke[0]["Action"])
    both = all(
        [resource.endswith(":*") for resource in statement["Resource"]] == [False, True]
        for statement in invoke
    )
    check("policy: covers the function and its versions", "" if both else str(invoke))
    for name in ["aws/iam/invoke-policy.json", "aws/invocation-role.yaml", "aws/terraform/main.tf"]:
        granted = set(re.findall(r"lambda:[A-Za-z]+", (DEPLOY / name).read_text())) - {"lambda:us"}
        granted = {action for action in granted if action[7].isupper()}
        wrong = granted ^ (INVOKE | {"lambda:GetFunctionEventInvokeConfig"})
        check(f"policy: {name}", f"permissions differ: {sorted(wrong)}" if wrong else "")
    check("policy: starting workers needs two permissions", "" if started == INVOKE else str(started))
    own = json.loads((DEPLOY / "aws/iam/system-worker-policy.json").read_text())["Statement"]
    only = [statement["Action"] for statement in own] == ["sts:AssumeRole"] and "*" not in own[0]["Resource"]
    check("policy: the system worker may only assume named roles", "" if only else str(own))
    for name in ["aws/iam/trust-policy.json", "aws/invocation-role.yaml", "aws/terraform/main.tf"]:
        has_condition = "sts:ExternalId" in (DEPLOY / name).read_text()
        check(f"trust: {name}", "" if has_condition else "no condition on sts:ExternalId")


def kubernetes():
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        if path.name == "kustomization.yaml":
            continue
        problem = run(BIN / "kubernetes-validate", "--strict", "-k", KUBERNETES, path)
        check(f"kubernetes {path.name}", problem)
    if program := shutil.which("kubectl"):
        check("kubectl kustomize", run(program, "kustomize", DEPLOY / "kubernetes"))
    else:
        print("skip kubectl kustomize: kubectl is not installed")
    listed = documents(DEPLOY / "kubernetes/kustomization.yaml")[0]["resources"]
    present = {path.name for path in (DEPLOY / "kubernetes").glob("*.yaml")} - {"kustomization.yaml"}
    check("kustomization lists every file", "" if set(listed) == present else str(present ^ set(listed)))
    pod = documents(DEPLOY / "kubernetes/deployment.yaml")[0]["spec"]["template"]["spec"]
    grace = [arg.split("=")[1] for arg in pod["containers"][0]["args"] if arg.startswith("--grace=")]
    fits = len(grace) == 1 and int(grace[0]) < pod["terminationGracePeriodSeconds"]
    check("pod: the grace period is longer than --grace", "" if fits else str(grace))


def systemd():
    unit = (DEPLOY / "systemd/wci.service").read_text()
    grace = int(re.search(r"--grace (\d+)", unit)[1])
    stop = int(re.search(r"^TimeoutStopSec=(\d+)$", unit, re.M)[1])
    check("unit: TimeoutStopSec is longer than --grace", "" if grace < stop else f"{grace} {stop}")
    check("unit: workers survive a restart", "" if "\nKillMode=process\n" in unit else "no KillMode=process")
    program = shutil.which("systemd-analyze")
    if not program:
        print("skip systemd-analyze verify: systemd-analyze is not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        # Neither the program nor its user has to exist on this machine.
        copy = pathlib.Path(folder) / "wci.service"
        here = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit, flags=re.M)
        copy.write_text(re.sub(r"^(User|Group)=.*", r"\1=root", here, flags=re.M))
        done = subprocess.run([program, "verify", str(copy)], capture_output=True, text=True)
        # It only warns about unknown settings.
        warnings = [line for line in done.stderr.splitlines() if "wci.service" in line]
        check("systemd-analyze verify", "\n".join(warnings) or ("" if done.returncode == 0 else done.stderr))


def container():
    program = BIN / "hadolint"
    if program.exists():
        program.chmod(0o755)
        check("hadolint Containerfile", run(program, DEPLOY / "container/Containerfile"))
    else:
        print("skip hadolint: PyPI has none for this platform")


def dashboard():
    dashboard_json = json.loads((DEPLOY / "grafana/wci.json").read_text())
    panels = [panel for panel in dashboard_json["panels"] if panel["type"] != "row"]
    known = set(re.findall(r"`((?:wci|worker_controller_instance)_[a-z_]+)`", (DOCS / "metrics.md").read_text()))
    for panel in panels:
        queried = set()
        for target in panel["targets"]:
            names = re.findall(r"\b((?:wci|worker_controller_instance)_[a-z_]+)", target["expr"])
            queried |= {re.sub(r"_bucket$", "", name) for name in names}
        unknown = queried - known
        problem = f"not in docs/metrics.md: {sorted(unknown)}" if unknown else ""
        check(f"dashboard: {panel['title']}", problem or ("" if queried else "queries nothing"))
    ids = [panel["id"] for panel in dashboard_json["panels"]]
    check("dashboard: panel IDs are unique", "" if len(ids) == len(set(ids)) else str(ids))


def alerts():
    known = set(re.findall(r"`((?:wci|worker_controller_instance)_[a-z_]+)`", (DOCS / "metrics.md").read_text()))
    headings = re.findall(r"^## (.*)$", (DOCS / "runbook.md").read_text(), re.M)
    anchors = {f"docs/runbook.md#{heading.lower().replace(' ', '-')}" for heading in headings}
    for group in documents(DEPLOY / "prometheus/alerts.yaml")[0]["groups"]:
        for rule in group["rules"]:
            queried = set(re.findall(r"\b((?:wci|worker_controller_instance)_[a-z_]+)", rule["expr"]))
            problem = "" if queried and queried <= known else f"not in docs/metrics.md: {sorted(queried - known)}"
            if rule["annotations"]["runbook"] not in anchors:
                problem += f"no such section: {rule['annotations']['runbook']}"
            check(f"alert: {rule['alert']}", problem)


for part in [cloudformation, terraform, policies, kubernetes, systemd, container, dashboard, alerts]:
    part()
sys.exit(f"{len(failed)} checks failed" if failed else 0)
