# The stage `evaluate` on a synthetic experiment.
hindscale_test(app_evaluate_test SOURCES evaluate_test.cpp evaluate_stage_test.cpp evaluate_law_test.cpp LINK hindscale_app RANKS 1 2 3 4)
hindscale_test(app_prepare_test SOURCES prepare_recipe_test.cpp LINK hindscale_app)
hindscale_precompiled(sampler app_evaluate_test app_prepare_test)
