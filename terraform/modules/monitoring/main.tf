locals {
  _actions   = ["audited", "failed", "ignored", "loaded", "rejected", "retried", "skipped", "waiting"]
  _functions = "resource.labels.service_name=(${join(" OR ", [for name in sort(var.functions) : "\"${name}\""])})"
  _lines     = "resource.type=\"cloud_run_revision\" AND ${local._functions}"

  # What no delivery is at fault for: a line that says so, a start that was refused (CRITICAL), and what Cloud Run says of an
  # instance that it had to kill. Not its request log: a month that is busy is answered 503, which is an ERROR there.
  _failed = "${local._lines} AND severity>=ERROR AND (jsonPayload.action=\"failed\" OR jsonPayload.code=\"VIEW_FAILED\" OR severity=CRITICAL OR log_id(\"run.googleapis.com/varlog/system\"))"

  # The id that Monitoring knows a transfer job by is documented as the job's name; with and without transferJobs/ in
  # front, so that either spelling is caught.
  _job_ids      = flatten([for job in values(var.transfer_jobs) : [job, trimprefix(job, "transferJobs/")]])
  transfer_jobs = "resource.type=\"storage_transfer_job\" AND resource.labels.job_id=one_of(${join(",", [for id in sort(local._job_ids) : "\"${id}\""])})"

  # One entry per kind of line. Labels are few and have few values: each combination is a billed time series.
  counters = {
    events = {
      description = "Decisions by outcome: action, and its code where there is one"
      filter      = "${local._lines} AND jsonPayload.action=(${join(" OR ", [for action in local._actions : "\"${action}\""])})"
      labels      = ["action", "code", "source"]
    }
    failures = {
      description = "Bugs and set-up errors: not booked, the sweep tries again"
      filter      = local._failed
      labels      = ["code", "source"]
    }
    findings = {
      description = "What the sweep found: months that differ from the books, or wait for too long"
      filter      = "${local._lines} AND jsonPayload.code=(\"AUDIT_MISMATCH\" OR \"WAITING_LONG\" OR \"VIEW_FAILED\")"
      labels      = ["code", "source"]
    }
    loads = {
      description = "Months loaded"
      filter      = "${local._lines} AND jsonPayload.action=\"loaded\""
      labels      = ["source"]
    }
    rejections = {
      description = "Deliveries refused, by code"
      filter      = "${local._lines} AND jsonPayload.action=\"rejected\""
      labels      = ["code", "source"]
    }
    sweeps = {
      description = "Sweeps that came to their end"
      filter      = "${local._lines} AND jsonPayload.action=\"sweep\""
      labels      = []
    }
    waits = {
      description = "Deliveries that wait for files for more than six hours"
      filter      = "${local._lines} AND jsonPayload.code=\"WAITING_LONG\""
      labels      = ["source"]
    }
  }

  # Lines that are alerts by themselves: the incident shows the line's own sentence, which says what to do.
  log_alerts = {
    failed = {
      display_name = "bug or set-up error"
      content      = "A function failed for a reason that is not the delivery's: a permission, a setting, a missing table, too little memory, or a bug. Nothing is lost: the sweep tries again every hour. The line's message says what to do; functions/docs/errors.md lists the codes."
      filter       = local._failed
      labels       = { code = "EXTRACT(jsonPayload.code)", message = "EXTRACT(jsonPayload.message)", source = "EXTRACT(jsonPayload.source)" }
      severity     = "ERROR"
    }
    look = {
      display_name = "loaded, but needs a look"
      content      = "A month was loaded while its files changed (FILES_CHANGED_DURING_LOAD), with other rows than its manifest counts (ROW_COUNT_MISMATCH), or a table is not what the books say (AUDIT_MISMATCH). The next sweep loads again what can be loaded again."
      filter       = "${local._lines} AND severity>=ERROR AND jsonPayload.action=(\"audited\" OR \"loaded\")"
      labels       = { code = "EXTRACT(jsonPayload.code)", message = "EXTRACT(jsonPayload.message)", month = "EXTRACT(jsonPayload.month)", source = "EXTRACT(jsonPayload.source)" }
      severity     = "WARNING"
    }
    rejected = {
      display_name = "delivery rejected"
      content      = "A delivery cannot be loaded as it is; the month keeps what it had. The code and its way out are in functions/docs/errors.md; billing_status shows the month."
      filter       = "${local._lines} AND severity>=ERROR AND jsonPayload.action=\"rejected\""
      labels       = { code = "EXTRACT(jsonPayload.code)", message = "EXTRACT(jsonPayload.message)", month = "EXTRACT(jsonPayload.month)", source = "EXTRACT(jsonPayload.source)" }
      severity     = "ERROR"
    }
  }
}
