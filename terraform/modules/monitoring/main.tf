locals {
  _actions   = ["audited", "failed", "ignored", "loaded", "rejected", "retried", "skipped", "waiting"]
  _functions = "resource.labels.service_name=(${join(" OR ", [for name in sort(var.functions) : "\"${name}\""])})"
  _lines     = "resource.type=\"cloud_run_revision\" AND ${local._functions}"

  # Failures without a delivery as their cause: a line of the loader about a failure, a start with wrong settings
  # (CRITICAL), a call that Cloud Run ended for its time (504), and Cloud Run's own line about an instance that it killed
  # or could not start. The rest of the request log is excluded: a locked month is an ERROR (503) there.
  _failed = "${local._lines} AND severity>=ERROR AND (jsonPayload.action=(\"failed\" OR \"retried\") OR jsonPayload.code=\"VIEW_FAILED\" OR severity=CRITICAL OR log_id(\"run.googleapis.com/varlog/system\") OR (log_id(\"run.googleapis.com/requests\") AND httpRequest.status=504))"

  # A call of the sweep that Cloud Run refused or did not answer. UNAVAILABLE is left out: a sweep that achieved nothing
  # answers 503, and its own lines tell how long that lasts.
  _refused = "resource.type=\"cloud_scheduler_job\" AND resource.labels.job_id=\"${var.schedule}\" AND severity>=ERROR AND jsonPayload.status=(\"DEADLINE_EXCEEDED\" OR \"INTERNAL\" OR \"NOT_FOUND\" OR \"PERMISSION_DENIED\" OR \"UNAUTHENTICATED\" OR \"UNKNOWN\")"

  # A filter of Monitoring has at most 2,048 characters. What names every source or job is split, and a deployment with
  # many sources has several policies of such an alert. The parts are made of keys, which are known at plan.
  _source_parts = { for index, sources in chunklist(sort(var.sources), 40) : tostring(index + 1) => sources }
  _query_parts  = { for index, sources in chunklist(sort(var.sources), 10) : tostring(index + 1) => sources }
  _job_parts    = { for index, keys in chunklist(sort(keys(var.transfer_jobs)), 60) : tostring(index + 1) => keys }

  # Monitoring documents the label job_id as the name of the job, but not its spelling. The filter matches the name with
  # and without transferJobs/.
  transfer_jobs = {
    for part, keys in local._job_parts : part => join("", [
      "resource.type=\"storage_transfer_job\" AND resource.labels.job_id=monitoring.regex.full_match(\"(transferJobs/)?(",
      join("|", sort([for key in keys : trimprefix(var.transfer_jobs[key], "transferJobs/")])),
      ")\")",
    ])
  }

  # One entry per kind of log line. Labels are few and have few values: each combination is a billed time series.
  counters = {
    events = {
      description = "Events by action and code"
      filter      = "${local._lines} AND jsonPayload.action=(${join(" OR ", [for action in local._actions : "\"${action}\""])})"
      labels      = ["action", "code", "source"]
    }
    failures = {
      description = "Bugs and setup errors, which the sweep tries again"
      filter      = local._failed
      labels      = ["code", "source"]
    }
    findings = {
      description = "Problems found by the sweep: months that differ from the load history, or wait too long"
      filter      = "${local._lines} AND jsonPayload.code=(\"AUDIT_MISMATCH\" OR \"WAITING_LONG\" OR \"VIEW_FAILED\")"
      labels      = ["code", "source"]
    }
    loads = {
      description = "Months loaded"
      filter      = "${local._lines} AND jsonPayload.action=\"loaded\""
      labels      = ["source"]
    }
    rejections = {
      description = "Rejected deliveries, by code"
      filter      = "${local._lines} AND jsonPayload.action=\"rejected\""
      labels      = ["code", "source"]
    }
    reports = {
      description = "Ages that sweeps report, one for each source"
      filter      = "${local._lines} AND jsonPayload.action=\"age\""
      labels      = ["source"]
    }
    sweeps = {
      description = "Finished sweeps. One that achieved nothing does not count"
      filter      = "${local._lines} AND jsonPayload.action=\"sweep\""
      labels      = []
    }
    waits = {
      description = "Deliveries that have waited for files for more than six hours"
      filter      = "${local._lines} AND jsonPayload.code=\"WAITING_LONG\""
      labels      = ["source"]
    }
  }

  # Alerts on single log lines. The incident shows the message of the line, which says what to do.
  log_alerts = {
    failed = {
      display_name = "bug or setup error"
      content      = "A function failed, and the delivery is not the reason. Possible reasons: a permission, a setting, a missing table, a quota that has been used up for hours, too little memory or time, a schedule that may not call the sweep, or a bug. Nothing is lost: the sweep tries again every hour. The message of the log line says what to do. functions/docs/errors.md lists the codes."
      filter       = "(${local._failed}) OR (${local._refused})"
      labels       = { code = "EXTRACT(jsonPayload.code)", message = "EXTRACT(jsonPayload.message)", source = "EXTRACT(jsonPayload.source)" }
      severity     = "ERROR"
    }
    review = {
      display_name = "loaded, but check the month"
      content      = "A month's files changed during the load (FILES_CHANGED_DURING_LOAD), its files may be of two deliveries (MIXED_DELIVERY), its row count differs from the manifest (ROW_COUNT_MISMATCH), some of its costs cannot be read (COST_UNREADABLE), or its table differs from the load history (AUDIT_MISMATCH). The next sweep loads the month again if that can help."
      filter       = "${local._lines} AND severity>=ERROR AND jsonPayload.action=(\"audited\" OR \"loaded\")"
      labels       = { code = "EXTRACT(jsonPayload.code)", message = "EXTRACT(jsonPayload.message)", month = "EXTRACT(jsonPayload.month)", source = "EXTRACT(jsonPayload.source)" }
      severity     = "WARNING"
    }
    shrank = {
      display_name = "month much smaller than before"
      content      = "A load left a month with much fewer rows or a much lower cost than its load before (MONTH_SHRANK). The provider may have corrected the month, or credits arrived. Or the delivery has only a part of the month: compare it with the provider's console. shrink_percent of the source is the limit. With on_shrink = hold, such a delivery is rejected until you replay the month."
      filter       = "${local._lines} AND severity>=WARNING AND jsonPayload.code=\"MONTH_SHRANK\""
      labels       = { code = "EXTRACT(jsonPayload.code)", message = "EXTRACT(jsonPayload.message)", month = "EXTRACT(jsonPayload.month)", source = "EXTRACT(jsonPayload.source)" }
      severity     = "WARNING"
    }
    rejected = {
      display_name = "delivery rejected"
      content      = "A delivery cannot be loaded as it is. The month keeps its previous data. functions/docs/errors.md says what to do for each code. billing_status shows the month."
      filter       = "${local._lines} AND severity>=ERROR AND jsonPayload.action=\"rejected\""
      labels       = { code = "EXTRACT(jsonPayload.code)", message = "EXTRACT(jsonPayload.message)", month = "EXTRACT(jsonPayload.month)", source = "EXTRACT(jsonPayload.source)" }
      severity     = "ERROR"
    }
  }
}
