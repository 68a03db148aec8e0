"""The API's paths, as the original's: at the root, without a slash at the end."""

from django.urls import path

from tasks.api.views import callbacks, comments, events, journal, pages, resolutions, service, tasks, templates

urlpatterns = [
    path("", service.Root.as_view()),
    path("meta", service.Meta.as_view()),
    path("template", templates.Templates.as_view()),
    path("template/<str:template_name>", templates.OneTemplate.as_view()),
    path("function", templates.Functions.as_view()),
    path("function/<str:function_name>", templates.OneFunction.as_view()),
    path("task", tasks.Tasks.as_view()),
    path("task/<str:task_id>", tasks.OneTask.as_view()),
    path("task/<str:task_id>/wontfix", tasks.Wontfix.as_view()),
    path("task/<str:task_id>/comment", comments.Comments.as_view()),
    path("task/<str:task_id>/comment/<str:comment_id>", comments.OneComment.as_view()),
    path("task/<str:task_id>/journal", journal.Journal.as_view()),
    path("task/<str:task_id>/events", events.Events.as_view()),
    path("batch", tasks.Batches.as_view()),
    path("resolution", resolutions.Resolutions.as_view()),
    path("resolution/<str:resolution_id>", resolutions.OneResolution.as_view()),
    path("resolution/<str:resolution_id>/run", resolutions.Run.as_view()),
    path("resolution/<str:resolution_id>/pause", resolutions.Pause.as_view()),
    path("resolution/<str:resolution_id>/extend", resolutions.Extend.as_view()),
    path("resolution/<str:resolution_id>/cancel", resolutions.Cancel.as_view()),
    path("resolution/<str:resolution_id>/step/<str:step_name>", resolutions.OneStep.as_view()),
    path("resolution/<str:resolution_id>/step/<str:step_name>/state", resolutions.StepState.as_view()),
    path("key-rotate", service.KeyRotation.as_view()),
    path("unsecured/callback/<str:callback_id>", callbacks.Callback.as_view()),
    path("unsecured/mon/ping", service.Ping.as_view()),
    path("unsecured/mon/live", service.Live.as_view()),
    path("unsecured/mon/ready", service.Ready.as_view()),
    path("unsecured/stats", service.Statistics.as_view()),
    path("unsecured/spec.json", service.Description.as_view(), name="api-description"),
    path("unsecured/time", service.Now.as_view()),
    path("metrics", service.Metrics.as_view()),
    path("ui/swagger/", pages.swagger, name="api-page"),
    path("ui/dashboard/", pages.dashboard, {"path": ""}),
    path("ui/dashboard/<path:path>", pages.dashboard),
]
