# The stage `evaluate`.
set(HINDSCALE_EVALUATE_FILES
    evaluate.cpp evaluate_consistency.cpp evaluate_correlation.cpp evaluate_fields.cpp evaluate_inputs.cpp evaluate_law.cpp evaluate_map_file.cpp evaluate_maps.cpp
    evaluate_members.cpp evaluate_months.cpp evaluate_others.cpp evaluate_report.cpp evaluate_seams.cpp evaluate_spectra.cpp evaluate_table.cpp)
